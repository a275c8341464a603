//! Help, completions and manual pages.

use crate::support::Place;

#[test]
fn the_command_alone_shows_help() {
    let place = Place::new();
    let help = place.ok(&[]);
    assert!(help.contains("chainrule train moons"), "{help}");
    assert_eq!(help, place.ok(&["--help"]));
}

#[test]
fn every_command_has_help_with_examples() {
    for command in ["train", "predict", "plot", "slope", "compile", "lua", "completions"] {
        let help = Place::new().ok(&[command, "--help"]);
        assert!(help.contains(&format!("chainrule {command} ")) && help.contains("Examples:"), "{help}");
    }
}

#[test]
fn shells_complete_names() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Place::new().ok(&["completions", shell]);
        assert!(script.contains("binary_cross_entropy") || shell == "elvish" || shell == "powershell", "{shell}");
        assert!(script.contains("test-fraction"), "{shell}");
    }
}

#[test]
fn the_manual_has_a_page_a_command() {
    let manual = Place::new().ok(&["man"]);
    let pages: Vec<&str> = manual.lines().filter(|line| line.starts_with(".TH ")).collect();
    assert_eq!(pages.len(), 10, "{pages:?}");
    assert!(manual.contains("test\\-fraction"));
}
