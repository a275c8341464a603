//! Tables of text from CSV files, and the numbers and classes in their columns.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Dataset, Target};
use crate::text::{quoted, unknown};
use crate::{Error, Place, Result};

/// The cells of a CSV file as text, under a header of column names.
///
/// Cells are separated by commas and may stand in double quotes, so that they can hold commas and line ends. Spaces
/// around a cell do not count, nor do blank lines and a byte order mark; lines end in `\n` or `\r\n`.
///
/// All errors that a table causes are [`Error::Content`] and name the file, and the line and the column where they
/// are known.
///
/// ```
/// use chainrule::data::{Table, TargetKind};
///
/// # fn main() -> chainrule::Result<()> {
/// let table = Table::parse("flowers.csv", "width, kind\n0.2, setosa\n1.9, virginica\n2.1, virginica\n")?;
/// let flowers = table.dataset("kind", TargetKind::Auto)?;
/// assert_eq!((flowers.len(), flowers.num_features()), (3, 1));
///
/// let error = table.numbers(&["widht"]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"flowers.csv: unknown column "widht"; did you mean "width"? (known: width, kind)"#
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    path: PathBuf,
    header: Vec<String>,
    records: Vec<Record>,
}

/// One row of a [`Table`].
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The line of the file where it starts, counted from 1.
    pub line: usize,
    /// One cell a column, without the spaces around it.
    pub cells: Vec<String>,
}

/// Whether to learn classes or numbers from a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetKind {
    /// Numbers if every cell is a number and they are not all integers or have more than 20 distinct values; classes
    /// otherwise. So a column with texts holds classes, unless texts are rarer than one in ten beside such numbers: then
    /// they are misspelt numbers, and an error, as are an empty cell, NaN or infinity among numbers.
    #[default]
    Auto,
    /// Classes.
    Class,
    /// Numbers.
    Number,
}

impl Table {
    /// Reads a CSV file.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if the file cannot be read. [`Error::Content`] if it is not UTF-8, has no header or no rows
    /// below it, if a column name is empty or comes twice, if a row has not one cell for each column, or if a quote
    /// is never closed.
    pub fn read(path: impl AsRef<Path>) -> Result<Table> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|source| Error::File { path: path.into(), source })?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Table::parse(path, text),
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                let line = 1 + valid.iter().filter(|&&byte| byte == b'\n').count();
                let problem = format!("expected UTF-8 text, found the byte 0x{:02X}", rest[0]);
                Err(content(path, Some(line), None, problem))
            }
        }
    }

    /// Reads a table from the text of a CSV file; `path` is what errors call it.
    ///
    /// # Errors
    ///
    /// [`Error::Content`] as in [`read`](Table::read).
    pub fn parse(path: impl Into<PathBuf>, text: &str) -> Result<Table> {
        let path = path.into();
        let mut records = parse_records(&path, text)?.into_iter();
        let Some(header) = records.next() else {
            return Err(content(&path, None, None, "expected a header of column names, found nothing"));
        };
        check_header(&path, &header)?;
        let columns = header.cells.len();
        if let [only] = &header.cells[..]
            && only.contains(';')
        {
            return Err(content(&path, Some(header.line), None, "expected commas between columns, found semicolons"));
        }
        let records: Vec<Record> = records.collect();
        if records.is_empty() {
            return Err(content(&path, None, None, "expected rows below the header, found none"));
        }
        if let Some(record) = records.iter().find(|record| record.cells.len() != columns) {
            let problem = format!("expected {columns} cells, one for each column, found {}", record.cells.len());
            return Err(content(&path, Some(record.line), None, problem));
        }
        Ok(Table { path, header: header.cells, records })
    }

    /// The column names.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The rows below the header.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The table without these columns.
    ///
    /// # Errors
    ///
    /// [`Error::Content`] if there is no such column.
    pub fn without(&self, columns: &[impl AsRef<str>]) -> Result<Table> {
        let left_out: Vec<usize> = columns.iter().map(|name| self.column(name.as_ref())).collect::<Result<_>>()?;
        let keep = |cells: &[String]| {
            let kept = cells.iter().enumerate().filter(|(column, _)| !left_out.contains(column));
            kept.map(|(_, cell)| cell.clone()).collect()
        };
        let records = self.records.iter().map(|record| Record { line: record.line, cells: keep(&record.cells) });
        Ok(Table { path: self.path.clone(), header: keep(&self.header), records: records.collect() })
    }

    /// The data set that predicts the target column from all others, which hold numbers.
    ///
    /// Classes are sorted by name. If all are numbers, they are sorted as numbers, and cells such as `1` and `1.0`
    /// are the same class, "1".
    ///
    /// # Errors
    ///
    /// [`Error::Content`] if there is no such column or no other one, if a cell is not a finite number where one is
    /// needed, if the name of a class is empty, or if the target never varies.
    pub fn dataset(&self, target_column: &str, kind: TargetKind) -> Result<Dataset> {
        let target = self.column(target_column)?;
        let features: Vec<usize> = (0..self.header.len()).filter(|&column| column != target).collect();
        if features.is_empty() {
            let problem = format!("expected a feature column beside the target {}, found none", quoted(target_column));
            return Err(content(&self.path, None, None, problem));
        }
        let rows = self.rows(&features)?;
        let target = match kind {
            TargetKind::Auto if self.looks_like_numbers(target) => self.numbers_target(target)?,
            TargetKind::Auto | TargetKind::Class => self.classes_target(target)?,
            TargetKind::Number => self.numbers_target(target)?,
        };
        let features = features.into_iter().map(|column| self.header[column].clone()).collect();
        Dataset::new(features, rows, target_column, target)
    }

    /// The numbers of these columns, in this order, for each row. Other columns may hold anything.
    ///
    /// # Errors
    ///
    /// [`Error::Content`] if a column is missing, or if a cell in one is not a finite number.
    pub fn numbers(&self, columns: &[impl AsRef<str>]) -> Result<Vec<Vec<f64>>> {
        let columns: Vec<usize> = columns.iter().map(|name| self.column(name.as_ref())).collect::<Result<_>>()?;
        self.rows(&columns)
    }

    fn column(&self, name: &str) -> Result<usize> {
        self.header
            .iter()
            .position(|column| column == name)
            .ok_or_else(|| content(&self.path, None, None, unknown("column", name, &self.header)))
    }

    fn rows(&self, columns: &[usize]) -> Result<Vec<Vec<f64>>> {
        self.records.iter().map(|record| columns.iter().map(|&column| self.number(record, column)).collect()).collect()
    }

    fn number(&self, record: &Record, column: usize) -> Result<f64> {
        finite(&record.cells[column]).ok_or_else(|| self.wrong_cell(record, column, "a finite number"))
    }

    fn cells(&self, column: usize) -> impl Iterator<Item = &str> {
        self.records.iter().map(move |record| record.cells[column].as_str())
    }

    /// The rule of [`TargetKind::Auto`]. Among numbers, an empty cell or NaN is a number that is missing, and a rare text a
    /// number that is misspelt.
    fn looks_like_numbers(&self, column: usize) -> bool {
        const MOST_CLASSES: usize = 20;
        let (numbers, texts): (Vec<&str>, Vec<&str>) =
            self.cells(column).filter(|cell| !cell.is_empty()).partition(|cell| cell.parse::<f64>().is_ok());
        let count = numbers.len();
        if texts.len() * 10 > count {
            return false;
        }
        let numbers: Vec<f64> = numbers.into_iter().filter_map(finite).collect();
        let are_missing = texts.is_empty() && numbers.len() < self.records.len();
        let vary = numbers.iter().any(|x| x.fract() != 0.0) || sorted(&numbers, f64::total_cmp).len() > MOST_CLASSES;
        are_missing || vary
    }

    fn numbers_target(&self, column: usize) -> Result<Target> {
        let numbers = self.records.iter().map(|record| self.number(record, column)).collect::<Result<Vec<f64>>>()?;
        if numbers.iter().all(|&y| y == numbers[0]) {
            let problem = format!("expected a target that varies, found only {}", numbers[0]);
            return Err(content(&self.path, None, Some(&self.header[column]), problem));
        }
        Ok(Target::Numbers(numbers))
    }

    fn classes_target(&self, column: usize) -> Result<Target> {
        if let Some(record) = self.records.iter().find(|record| record.cells[column].is_empty()) {
            return Err(self.wrong_cell(record, column, "the name of a class"));
        }
        let cells: Vec<&str> = self.cells(column).collect();
        let (names, labels) = match cells.iter().map(|cell| finite(cell)).collect::<Option<Vec<f64>>>() {
            Some(numbers) => names_and_labels(&numbers, f64::total_cmp),
            None => names_and_labels(&cells, Ord::cmp),
        };
        if let [only] = &names[..] {
            let problem = format!("expected at least two classes, found only {}", quoted(only));
            return Err(content(&self.path, None, Some(&self.header[column]), problem));
        }
        Ok(Target::Classes { names, labels })
    }

    fn wrong_cell(&self, record: &Record, column: usize, expected: &str) -> Error {
        let found = match record.cells[column].as_str() {
            "" => "an empty cell".to_string(),
            cell => quoted(cell),
        };
        let problem = format!("expected {expected}, found {found}");
        content(&self.path, Some(record.line), Some(&self.header[column]), problem)
    }
}

fn content(path: &Path, line: Option<usize>, column: Option<&str>, problem: impl Into<String>) -> Error {
    let place = Place { path: path.into(), line, column: column.map(str::to_string) };
    Error::Content { place, problem: problem.into() }
}

fn finite(cell: &str) -> Option<f64> {
    // Adding 0 makes -0 the same class as 0.
    cell.parse::<f64>().ok().filter(|x| x.is_finite()).map(|x| x + 0.0)
}

fn sorted<T: Copy>(items: &[T], order: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let mut sorted = items.to_vec();
    sorted.sort_by(&order);
    sorted.dedup_by(|a, b| order(a, b).is_eq());
    sorted
}

fn names_and_labels<T: Copy + ToString>(items: &[T], order: impl Fn(&T, &T) -> Ordering) -> (Vec<String>, Vec<usize>) {
    let classes = sorted(items, &order);
    let labels = items.iter().map(|item| classes.partition_point(|class| order(class, item).is_lt())).collect();
    (classes.iter().map(T::to_string).collect(), labels)
}

fn check_header(path: &Path, header: &Record) -> Result<()> {
    for (i, name) in header.cells.iter().enumerate() {
        if name.is_empty() {
            let problem = format!("expected a name for column {}, found an empty cell", i + 1);
            return Err(content(path, Some(header.line), None, problem));
        }
        if let Some(first) = header.cells[..i].iter().position(|other| other == name) {
            let problem = format!("expected a name that no other column has, found it at {} and {}", first + 1, i + 1);
            return Err(content(path, Some(header.line), Some(name), problem));
        }
    }
    Ok(())
}

/// All records, the header as the first.
fn parse_records(path: &Path, text: &str) -> Result<Vec<Record>> {
    let text = without_leading_spaces(path, text.strip_prefix('\u{feff}').unwrap_or(text))?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let (mut line, mut counted) = (1, 0);
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| content(path, None, None, error.to_string()))?;
        // The parser's own line number is too small after blank lines and "\r\n": its position is the end of the
        // record before, not the start of this one.
        let end_before = record.position().map_or(0, |position| position.byte() as usize);
        let start = text.len() - text[end_before..].trim_start_matches(['\r', '\n']).len();
        line += text[counted..start].matches('\n').count();
        counted = start;
        records.push(Record { line, cells: record.iter().map(|cell| cell.trim().to_string()).collect() });
    }
    Ok(records)
}

/// The text without the spaces in front of its cells: after a space, the parser would take a quote for a letter.
/// A quote that is never closed is an error, as it would swallow the rest of the file.
fn without_leading_spaces(path: &Path, text: &str) -> Result<String> {
    #[derive(Clone, Copy)]
    enum State {
        Before,
        Plain,
        Quoted { since: usize },
        MaybeEnded { since: usize },
    }
    let mut kept = String::with_capacity(text.len());
    let mut state = State::Before;
    let mut line = 1;
    for c in text.chars() {
        state = match (state, c) {
            (State::Before, ' ' | '\t') => continue,
            (State::Before, '"') => State::Quoted { since: line },
            (State::Quoted { since }, '"') => State::MaybeEnded { since },
            (State::MaybeEnded { since }, '"') => State::Quoted { since },
            (State::Quoted { .. }, _) => state,
            (_, ',' | '\r' | '\n') => State::Before,
            _ => State::Plain,
        };
        line += usize::from(c == '\n');
        kept.push(c);
    }
    match state {
        State::Quoted { since } => {
            Err(content(path, Some(since), None, "expected a closing quote, found the end of the file"))
        }
        _ => Ok(kept),
    }
}
