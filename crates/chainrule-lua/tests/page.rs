//! The page of the book about the console: what it shows is what the console shows.

mod support;

use support::Typed;

const PAGE: &str = include_str!("../../../docs/src/command/lua.md");

#[test]
fn the_page_shows_what_the_console_shows() {
    let mut console = Typed::new();
    let blocks = PAGE.split("```lua\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines: Vec<&str> = blocks.flat_map(str::lines).collect();
    assert!(lines.len() > 40);
    let mut rest = &lines[..];
    while let [line, after @ ..] = rest {
        let typed = line.strip_prefix("> ").unwrap_or_else(|| panic!("a line begins with a prompt: {line}"));
        let told = after.iter().take_while(|line| !line.starts_with("> ")).count();
        console.feed(typed);
        let shown = console.shown();
        match after[..told] {
            [ref told @ .., "..."] => assert!(shown.starts_with(&told.join("\n")), "{typed}: {shown}"),
            ref told => assert_eq!(shown, told.join("\n"), "{typed}"),
        }
        rest = &after[told..];
    }
}
