//! The parts of the book fit together.

use book::CHAPTERS;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(source().join(file)).unwrap_or_else(|error| panic!("docs/src/{file}: {error}"))
}

/// The chapters in the order of the table of contents. The code of the pages on commands is for a shell.
fn chapters_of_the_summary() -> Vec<String> {
    let summary = read("SUMMARY.md");
    links(&summary).into_iter().filter(|file| !file.starts_with("command/")).collect()
}

/// Where the links and pictures of a page lead that stay within the book.
fn links(page: &str) -> Vec<String> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let pages = targets.map(|target| target.split('#').next().unwrap_or_default());
    pages.filter(|page| !page.is_empty() && !page.contains("://")).map(str::to_string).collect()
}

/// Where the links of a chapter lead, as seen from `docs/src`.
fn links_of(chapter: &str) -> Vec<PathBuf> {
    let folder = Path::new(chapter).parent().expect("a chapter has a folder");
    links(&read(chapter)).into_iter().map(|link| folder.join(link)).collect()
}

#[test]
fn the_code_of_every_chapter_is_run() {
    assert_eq!(chapters_of_the_summary(), CHAPTERS);
}

#[test]
fn every_link_leads_somewhere() {
    for chapter in CHAPTERS {
        for link in links_of(chapter) {
            assert!(source().join(&link).exists(), "docs/src/{chapter} refers to {}, which is not there", link.display());
        }
    }
}

#[test]
fn every_picture_is_made_by_the_chapters_and_shown_in_one() {
    let folder = std::fs::read_dir(source().join("pictures")).expect("the pictures have a folder");
    let there: BTreeSet<String> =
        folder.map(|file| file.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    let text: String = CHAPTERS.iter().map(|chapter| read(chapter)).collect();
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
