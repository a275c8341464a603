//! Pictures of the console and of scripts: as text where somebody looks, and as SVG files, whose paths are told.

use crate::picture;
use chainrule::draw::{self, Function};
use chainrule_lua::{Formula, Interpreter, Plotted};
use std::env;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

pub fn add(lua: &Interpreter) -> chainrule_lua::Result<()> {
    lua.plot_with(plot)?;
    lua.draw_with(|values| show("graph", &draw::graph(values).to_svg()))
}

fn plot(function: &Formula, plotted: Plotted) -> Result<String, String> {
    let Plotted { range: (from, to), derivative, tangents } = plotted;
    let curve = Function { derivative, tangents, ..Function::over(from, to) };
    let curve = curve.draw(function).map_err(|error| error.to_string())?;
    let (columns, rows, has_colors) = picture::text_size();
    let is_seen = io::stdout().is_terminal();
    let text = if is_seen { curve.figure.to_text(columns, rows, has_colors) } else { String::new() };
    Ok(text + &show("plot", &curve.figure.to_svg())?)
}

/// Writes a picture, opens it where there is a desktop, and tells its path.
fn show(kind: &str, svg: &str) -> Result<String, String> {
    static COUNT: AtomicUsize = AtomicUsize::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let directory = env::temp_dir().join(format!("chainrule-{}", std::process::id()));
    let path = directory.join(format!("{kind}-{count}.svg"));
    let written = fs::create_dir_all(&directory).and_then(|()| fs::write(&path, svg));
    written.map_err(|error| format!("{}: {error}", path.display()))?;
    open(&path);
    Ok(path.display().to_string())
}

/// What is shown on no screen is still written.
fn open(path: &Path) {
    let has_desktop =
        !cfg!(target_os = "linux") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some());
    if has_desktop && io::stdout().is_terminal() {
        let _ = open::that_detached(path);
    }
}
