use crate::ambient;
use crate::args::Cli;
use crate::output::{self, Exit, Failure};
use anyhow::Context as _;
use casemate::store::write_file;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use std::path::Path;

/// Prints a shell's script.
pub(crate) fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "casemate", &mut script);
    output::text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}

/// Writes a page for the program and for each of its commands.
pub(crate) fn man(folder: &Path) -> Result<Exit, Failure> {
    let dir = ambient::make_dir(folder)?;
    let mut program = Cli::command();
    program.build();
    let mut pages = Vec::new();
    collect(&program, &mut pages)?;
    for (name, page) in &pages {
        let path = || folder.join(name).display().to_string();
        write_file(&dir, name, page.as_ref()).with_context(path)?;
    }
    output::say(&format!(
        "wrote {} pages into {}",
        pages.len(),
        folder.display()
    ));
    Ok(Exit::Ok)
}

fn collect(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) -> anyhow::Result<()> {
    let page = clap_mangen::Man::new(command.clone());
    let mut text = Vec::new();
    page.render(&mut text)?;
    pages.push((page.get_filename(), text));
    let shown = |command: &&Command| !command.is_hide_set() && command.get_name() != "help";
    for command in command.get_subcommands().filter(shown) {
        collect(command, pages)?;
    }
    Ok(())
}
