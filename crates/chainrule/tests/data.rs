//! CSV files as data sets: what may stand in them, and what is said when something is wrong.
#![cfg(feature = "csv")]

use std::fs;

use chainrule::data::{Dataset, Table, Target, TargetKind};
use proptest::prelude::*;

fn table(text: &str) -> Table {
    Table::parse("data.csv", text).unwrap()
}

fn parse_error(text: &str) -> String {
    Table::parse("data.csv", text).unwrap_err().to_string()
}

fn dataset(text: &str, kind: TargetKind) -> Dataset {
    table(text).dataset("y", kind).unwrap()
}

fn dataset_error(text: &str, kind: TargetKind) -> String {
    table(text).dataset("y", kind).unwrap_err().to_string()
}

/// A table with a feature column and this target column.
fn target(cells: impl IntoIterator<Item = impl ToString>) -> String {
    cells.into_iter().fold("x,y\n".to_string(), |text, cell| text + "0," + &cell.to_string() + "\n")
}

fn classes(names: &[&str], labels: &[usize]) -> Target {
    Target::Classes { names: names.iter().map(|name| name.to_string()).collect(), labels: labels.to_vec() }
}

#[test]
fn a_file_becomes_a_data_set() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data.csv");
    fs::write(&path, "x1,kind,x2\n1,b,-2.5\n3e2,a,.5\n").unwrap();
    let data = Table::read(&path).unwrap().dataset("kind", TargetKind::Auto).unwrap();
    assert_eq!(data.features, ["x1", "x2"]);
    assert_eq!(data.rows, [[1.0, -2.5], [300.0, 0.5]]);
    assert_eq!(data.target_name, "kind");
    assert_eq!(data.target, classes(&["a", "b"], &[1, 0]));
}

#[test]
fn columns_can_be_left_out() {
    let whole = table("id,x,y\nr1,1,a\nr2,2,b\n");
    assert_eq!(whole.without(&["id"]).unwrap().dataset("y", TargetKind::Auto).unwrap().rows, [[1.0], [2.0]]);
    let error = whole.without(&["idd"]).unwrap_err().to_string();
    assert_eq!(error, "data.csv: unknown column \"idd\"; did you mean \"id\"? (known: id, x, y)");
}

#[test]
fn dialects_of_csv_read_the_same() {
    let plain = table("x,y\n1,a\n2,b\n");
    for text in [
        "x,y\n1,a\n2,b",
        "x,y\r\n1,a\r\n2,b\r\n",
        "\u{feff}x,y\n1,a\n2,b\n",
        "\u{feff}\"x\",\"y\"\n\"1\",\"a\"\n2,b\n",
        " x ,\ty\n 1 , a \n2,b  \n",
        "x, \"y\" \n 1, \"a\"\n2, b\n",
    ] {
        assert_eq!(table(text), plain, "{text:?}");
    }
}

#[test]
fn quoted_cells_hold_commas_quotes_and_line_ends() {
    let table = table("x,y\n1,\"a, \"\"b\"\"\nc\"\n2, \"\"\"d\"\"\"\n");
    let cells: Vec<&str> = table.records().iter().map(|record| record.cells[1].as_str()).collect();
    assert_eq!(cells, ["a, \"b\"\nc", "\"d\""]);
}

#[test]
fn records_know_their_line() {
    let lines = |text| table(text).records().iter().map(|record| record.line).collect::<Vec<_>>();
    assert_eq!(lines("x,y\n1,2\n3,4\n"), [2, 3]);
    assert_eq!(lines("x,y\r\n1,2\r\n3,4\r\n"), [2, 3]);
    assert_eq!(lines("x,y\n\n  \n1,2\n\n3,4\n"), [4, 6]);
    assert_eq!(lines("\r\n\r\nx,y\r\n\r\n1,2\r\n"), [5]);
    assert_eq!(lines("x,y\n1,\"a\nb\nc\"\n3,4\n"), [2, 5]);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let message = |path: &std::path::Path| Table::read(path).unwrap_err().to_string();
    let missing = dir.path().join("missing.csv");
    assert!(message(&missing).starts_with(&format!("{}: ", missing.display())));
    assert!(message(dir.path()).starts_with(&dir.path().display().to_string()));
    let latin = dir.path().join("latin.csv");
    fs::write(&latin, b"x,y\n1,caf\xE9\n").unwrap();
    assert_eq!(message(&latin), format!("{}, line 2: expected UTF-8 text, found the byte 0xE9", latin.display()));
}

#[test]
fn tables_that_make_no_sense_are_refused() {
    for empty in ["", "\n\n", "\u{feff}", "  \r\n"] {
        assert_eq!(parse_error(empty), "data.csv: expected a header of column names, found nothing");
    }
    assert_eq!(parse_error("x,y\n\n"), "data.csv: expected rows below the header, found none");
    assert_eq!(parse_error("x, ,y\n1,2,3\n"), "data.csv, line 1: expected a name for column 2, found an empty cell");
    assert_eq!(
        parse_error("x,y, x\n1,2,3\n"),
        r#"data.csv, line 1, column "x": expected a name that no other column has, found it at 1 and 3"#
    );
    assert_eq!(parse_error("x,y\n1,2\n3\n"), "data.csv, line 3: expected 2 cells, one for each column, found 1");
    assert_eq!(parse_error("x,y\r\n1,2,3\r\n"), "data.csv, line 2: expected 2 cells, one for each column, found 3");
    assert_eq!(
        parse_error("x,y\n1,2\n3,\"a\n5,6\n"),
        "data.csv, line 3: expected a closing quote, found the end of the file"
    );
}

#[test]
fn features_must_be_finite_numbers() {
    for (cell, found) in [("abc", "\"abc\""), ("", "an empty cell"), ("NaN", "\"NaN\""), ("-inf", "\"-inf\"")] {
        let text = format!("width,y\n1,a\n{cell},b\n");
        let expected = format!("data.csv, line 3, column \"width\": expected a finite number, found {found}");
        assert_eq!(dataset_error(&text, TargetKind::Auto), expected);
    }
    assert!(dataset_error("x,y\n1e999,a\n2,b\n", TargetKind::Auto).ends_with("found \"1e999\""));
}

#[test]
fn text_targets_are_classes_sorted_by_name() {
    let text = target(["b", "10", "a", "b", "NaN"]);
    assert_eq!(dataset(&text, TargetKind::Auto).target, classes(&["10", "NaN", "a", "b"], &[3, 0, 2, 3, 1]));
}

#[test]
fn few_integers_are_classes_sorted_as_numbers() {
    let text = target(["10", "9", "-1", "9.0", "-0", "0"]);
    assert_eq!(dataset(&text, TargetKind::Auto).target, classes(&["-1", "0", "9", "10"], &[3, 2, 0, 2, 1, 1]));
    assert!(matches!(dataset(&target(0..20), TargetKind::Auto).target, Target::Classes { .. }));
}

#[test]
fn fractions_and_many_integers_are_numbers() {
    assert_eq!(dataset(&target([1.0, 2.5]), TargetKind::Auto).target, Target::Numbers(vec![1.0, 2.5]));
    assert!(matches!(dataset(&target(0..21), TargetKind::Auto).target, Target::Numbers(_)));
}

#[test]
fn a_misspelt_number_among_many_does_not_make_classes() {
    let cells = (0..30).map(|i| if i == 7 { "oops".to_string() } else { format!("{}.5", i % 4) });
    let error = dataset_error(&target(cells), TargetKind::Auto);
    assert_eq!(error, "data.csv, line 9, column \"y\": expected a finite number, found \"oops\"");
    // Few integers beside texts are names of classes, as before.
    let cells = (0..30).map(|i| if i % 3 == 0 { "none".to_string() } else { (i % 3).to_string() });
    assert!(matches!(dataset(&target(cells), TargetKind::Auto).target, Target::Classes { .. }));
}

#[test]
fn semicolons_are_named() {
    assert!(parse_error("a;b\n1;2\n").contains("expected commas between columns, found semicolons"));
}

#[test]
fn the_kind_of_target_can_be_chosen() {
    let text = target([1, 2]);
    assert_eq!(dataset(&text, TargetKind::Number).target, Target::Numbers(vec![1.0, 2.0]));
    assert_eq!(dataset(&target([1.5, 2.5]), TargetKind::Class).target, classes(&["1.5", "2.5"], &[0, 1]));
}

#[test]
fn targets_that_cannot_be_learnt_are_refused() {
    use TargetKind::{Auto, Class, Number};
    assert_eq!(
        dataset_error(&target(["a", "a"]), Auto),
        r#"data.csv, column "y": expected at least two classes, found only "a""#
    );
    assert_eq!(
        dataset_error(&target(["2.50", "2.5"]), Auto),
        r#"data.csv, column "y": expected a target that varies, found only 2.5"#
    );
    assert_eq!(
        dataset_error(&target(["a", ""]), Class),
        r#"data.csv, line 3, column "y": expected the name of a class, found an empty cell"#
    );
    for (kind, cell, found) in
        [(Number, "abc", "\"abc\""), (Auto, "NaN", "\"NaN\""), (Auto, "inf", "\"inf\""), (Auto, "", "an empty cell")]
    {
        let expected = format!("data.csv, line 3, column \"y\": expected a finite number, found {found}");
        assert_eq!(dataset_error(&target(["1", cell, "2"]), kind), expected);
    }
    assert_eq!(
        dataset_error("y\n1\n2\n", Auto),
        r#"data.csv: expected a feature column beside the target "y", found none"#
    );
}

#[test]
fn an_unknown_target_names_the_nearest_column() {
    let error = table("width,species\n1,a\n").dataset("speices", TargetKind::Auto).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"data.csv: unknown column "speices"; did you mean "species"? (known: width, species)"#
    );
}

#[test]
fn numbers_come_in_the_order_of_the_asked_columns() {
    let table = table("note,x1,x2\nfirst,1,2\nsecond,3,4\n");
    assert_eq!(table.numbers(&["x2", "x1"]).unwrap(), [[2.0, 1.0], [4.0, 3.0]]);
    assert_eq!(
        table.numbers(&["x1", "x3"]).unwrap_err().to_string(),
        r#"data.csv: unknown column "x3"; did you mean "x1"? (known: note, x1, x2)"#
    );
    assert_eq!(
        table.numbers(&["note"]).unwrap_err().to_string(),
        r#"data.csv, line 2, column "note": expected a finite number, found "first""#
    );
}

#[test]
fn messages_stay_on_one_line_whatever_the_cell_holds() {
    let huge = "many\nlines ".repeat(100_000);
    let message = dataset_error(&format!("x,y\n\"{huge}\",a\n"), TargetKind::Auto);
    assert_eq!(
        message,
        "data.csv, line 2, column \"x\": expected a finite number, \
         found \"many\\nlines many\\nlines many\\nlines many\\nli...\""
    );
}

proptest! {
    #[test]
    fn any_text_is_a_table_or_a_message_of_one_line(text in r#"([xy0-9," \r\n\t]|\PC){0,60}"#) {
        match Table::parse("data.csv", &text) {
            Ok(table) => {
                for record in table.records() {
                    prop_assert_eq!(record.cells.len(), table.header().len());
                }
            }
            Err(error) => prop_assert!(!error.to_string().contains(['\n', '\r'])),
        }
    }

    #[test]
    fn written_cells_are_read_back(rows in prop::collection::vec(["[a-z,\"\n]{1,9}", "[ -~]{1,9}"], 1..9)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["first", "second"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let table = table(&text);
        prop_assert_eq!(table.records().len(), rows.len());
        for (record, row) in table.records().iter().zip(&rows) {
            let trimmed: Vec<&str> = row.iter().map(|cell| cell.trim()).collect();
            prop_assert_eq!(&record.cells, &trimmed);
        }
    }
}
