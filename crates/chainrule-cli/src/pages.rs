//! What the shell and the manual know about the command, made from its arguments.

use crate::cli::Cli;
use crate::failure::{Failure, Result};
use crate::output;
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use std::process::ExitCode;

/// Print a script that completes commands and options in a shell
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  chainrule completions bash > ~/.local/share/bash-completion/completions/chainrule
  chainrule completions zsh > \"${fpath[1]}/_chainrule\"
  chainrule completions fish > ~/.config/fish/completions/chainrule.fish")]
pub struct Args {
    /// The shell
    shell: Shell,
}

pub fn completions(args: &Args) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "chainrule", &mut script);
    print(&script)
}

/// The pages of the command and of each command in it, one after the other.
pub fn man() -> Result<ExitCode> {
    let mut root = Cli::command();
    root.build();
    let mut pages = Vec::new();
    let commands = root.get_subcommands().filter(|command| command.get_name() != "help").cloned().collect::<Vec<_>>();
    for command in std::iter::once(root).chain(commands) {
        let name = command.get_bin_name().unwrap_or("chainrule").replace(' ', "-");
        let page = Man::new(command).title(name);
        page.render(&mut pages).map_err(|error| Failure::work(error.to_string()))?;
    }
    print(&pages)
}

fn print(text: &[u8]) -> Result<ExitCode> {
    output::print(&String::from_utf8_lossy(text))?;
    Ok(ExitCode::SUCCESS)
}
