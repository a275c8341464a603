//! The parts of the book fit together.

use book::CHAPTERS;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src")
}

fn read(file: impl AsRef<Path>) -> String {
    let file = file.as_ref();
    std::fs::read_to_string(source().join(file)).unwrap_or_else(|error| panic!("docs/src/{}: {error}", file.display()))
}

/// The chapters in the order of the table of contents. The code of the pages on commands is for a shell.
fn chapters_of_the_summary() -> Vec<String> {
    let summary = read("SUMMARY.md");
    links(&summary).into_iter().filter(|file| !file.starts_with("command/")).collect()
}

/// Where the links and pictures of a page lead that stay within the book.
fn links(page: &str) -> Vec<String> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    targets.filter(|target| !target.contains("://")).map(str::to_string).collect()
}

/// The places within a page that links can lead to: its headings, in lower case and with dashes.
fn anchors(page: &str) -> Vec<String> {
    let letter = |letter: char| match letter {
        ' ' => Some('-'),
        _ if letter.is_alphanumeric() || "-_".contains(letter) => Some(letter.to_ascii_lowercase()),
        _ => None,
    };
    let headings = page.lines().filter_map(|line| line.strip_prefix("## "));
    headings.map(|heading| heading.chars().filter_map(letter).collect()).collect()
}

#[test]
fn the_code_of_every_chapter_is_run() {
    assert_eq!(chapters_of_the_summary(), CHAPTERS);
}

/// All but the comment at their heads, which says what the chapter says.
#[test]
fn the_examples_are_those_that_the_chapter_shows() {
    let chapter = read("path/derivatives.md");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../chainrule/examples");
    for file in std::fs::read_dir(folder).expect("the examples have a folder") {
        let file = file.expect("an entry of the folder").path();
        let example = std::fs::read_to_string(&file).expect("an example is text");
        let (_, code) = example.split_once("\n\n").expect("a comment at its head");
        assert!(
            chapter.contains(&format!("```rust\n{code}```\n")),
            "path/derivatives.md shows another {}",
            file.display()
        );
    }
}

#[test]
fn every_link_leads_somewhere() {
    for chapter in CHAPTERS {
        let folder = Path::new(chapter).parent().expect("a chapter has a folder");
        for link in links(&read(chapter)) {
            let (page, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let page = if page.is_empty() { PathBuf::from(chapter) } else { folder.join(page) };
            assert!(source().join(&page).exists(), "docs/src/{chapter} refers to {link}, which is not there");
            let is_there = anchor.is_empty() || anchors(&read(&page)).iter().any(|heading| heading == anchor);
            assert!(is_there, "docs/src/{chapter} refers to {link}, and there is no such heading");
        }
    }
}

#[test]
fn every_picture_is_made_by_the_chapters_and_shown_in_one() {
    let folder = std::fs::read_dir(source().join("pictures")).expect("the pictures have a folder");
    let there: BTreeSet<String> =
        folder.map(|file| file.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    let text: String = CHAPTERS.iter().map(read).collect();
    let made: BTreeSet<String> = text
        .split("book::picture(\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(name, _)| name.to_string())
        .collect();
    assert_eq!(there, made);
    for name in &made {
        assert!(text.contains(&format!("pictures/{name}")), "no chapter shows {name}");
    }
}
