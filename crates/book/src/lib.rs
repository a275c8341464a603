//! The code of the book: `cargo test --package book` compiles and runs every code block of every chapter, and compares the
//! pictures that the chapters make with those that they show.
#![warn(missing_docs)]

use std::path::Path;

/// The chapters whose code is run; each becomes a module that has the chapter as its documentation.
macro_rules! chapters {
    ($($module:ident $file:literal)*) => {
        /// The files of the chapters whose code is run, in `docs/src`.
        pub const CHAPTERS: &[&str] = &[$($file),*];

        $(
            #[cfg(doctest)]
            #[doc = include_str!(concat!("../../../docs/src/", $file))]
            mod $module {}
        )*
    };
}

chapters! {
    introduction "introduction.md"
    nudging "path/nudging.md"
    vanishing "path/vanishing.md"
    several_inputs "path/several-inputs.md"
    remembering "path/remembering.md"
    graph "path/graph.md"
    by_hand "path/by-hand.md"
    chain_rule "path/chain-rule.md"
    backward "path/backward.md"
    reuse "path/reuse.md"
    tanh "path/tanh.md"
    networks "path/networks.md"
    four_rows "path/four-rows.md"
    zero_grad "path/zero-grad.md"
    moons "path/moons.md"
    from_scalars_to_loops "path/programs.md"
    derivatives_for_your_own_code "path/derivatives.md"
    table "inside/table.md"
    tape "inside/tape.md"
    scopes "inside/scopes.md"
    dual "inside/dual.md"
    programs "inside/programs.md"
    pytorch "from/pytorch.md"
    micrograd "from/micrograd.md"
    jax "from/jax.md"
    derivatives "from/derivatives.md"
}

/// Holds a picture that a chapter's code has made against the one that the chapter shows, the file of this name in
/// `docs/src/pictures`. With the environment variable `UPDATE` set, it becomes that file instead.
///
/// # Panics
///
/// If they differ, or the file cannot be read or, with `UPDATE`, written.
#[track_caller]
pub fn picture(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/pictures").join(name);
    if std::env::var_os("UPDATE").is_some() {
        return std::fs::write(&path, made)
            .unwrap_or_else(|error| panic!("docs/src/pictures/{name} cannot be written: {error}"));
    }
    let advice = "if the new one is right: UPDATE=1 cargo test --package book --doc";
    let shown = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("docs/src/pictures/{name} cannot be read: {error}; {advice}"));
    assert!(shown == made, "docs/src/pictures/{name} is not what the chapter's code makes; {advice}");
}
