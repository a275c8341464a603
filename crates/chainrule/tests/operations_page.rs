//! The page of operations in the documentation is the table, as it is.

use chainrule::Op;
use std::path::Path;

fn page() -> String {
    let mut page = String::from(
        "# The table of operations\n\n\
         Each row is recorded by the method of its name on `Value`, and computed by the same method on every `Number`. \
         In derivatives, `y` is the result and `c` makes a constant.\n\n\
         | operation | what it computes | formula | derivatives |\n|---|---|---|---|\n",
    );
    for op in Op::ALL {
        let row = op.row();
        let code = |text: &str| format!("`{}`", tidy(text).replace('|', "\\|"));
        let derivatives: Vec<String> = row
            .operands
            .iter()
            .zip(row.partials)
            .map(|(operand, partial)| format!("{operand}: {}", code(partial)))
            .collect();
        page += &format!(
            "| `{}({})` | {} | {} | {} |\n",
            row.name,
            row.operands.join(", "),
            row.doc(),
            code(row.formula),
            derivatives.join("<br>")
        );
    }
    page
}

/// Source text as the compiler gives it, with the spaces that a person would write.
fn tidy(source: &str) -> String {
    let words: Vec<&str> = source.split_whitespace().collect();
    let line = words.join(" ").replace(" :: ", "::").replace("(- ", "(-");
    line.strip_prefix("- ").map_or(line.clone(), |rest| format!("-{rest}"))
}

/// Compilers differ in their spaces.
fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn the_page_of_operations_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, page()).expect("the page can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let is_current = without_spaces(&found) == without_spaces(&page());
    assert!(is_current, "docs/operations.md is not up to date: UPDATE=1 cargo test --test operations_page");
}
