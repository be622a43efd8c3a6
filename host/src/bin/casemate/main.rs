//! The command line. Everything it does, the library does: this is arguments in, text out.

mod ambient;
mod args;
mod commands;
mod demo;
mod output;

use args::{Cli, Command, Format};
use clap::{Parser as _, ValueEnum as _};
use output::{Exit, Failure};
use std::io::IsTerminal as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Where this program was started by itself, to compile a component, that is all it does.
    match ambient::compiler() {
        Ok(Some(_)) => (),
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => {
            output::say(&format!("error: {error:#}"));
            return ExitCode::from(Exit::Environment as u8);
        }
    }
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(ambient::log_filter())
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && !ambient::no_color())
        .without_time()
        .init();
    match run(&cli) {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) if output::is_closed_pipe(&failure.error) => ExitCode::from(Exit::Ok as u8),
        Err(failure) => {
            output::say(&format!("error: {:#}", failure.error));
            if let Some(help) = failure.help {
                output::say(&format!("help: {help}"));
            }
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn run(cli: &Cli) -> Result<Exit, Failure> {
    let shared = &cli.shared;
    let offers = further_formats(&cli.command);
    if is_further(shared.format) && !offers.contains(&shared.format) {
        let word = |format: &Format| format.to_possible_value().map(|v| v.get_name().to_owned());
        let words: Vec<String> = [Format::Table, Format::Json, Format::Ndjson]
            .iter()
            .chain(offers)
            .filter_map(word)
            .collect();
        let error = anyhow::anyhow!("this command does not print that format");
        return Err(Failure::new(Exit::Usage, error).help(format!("one of: {}", words.join(", "))));
    }
    match &cli.command {
        Command::Init(args) => commands::init::run(shared, args),
        Command::Tenant(args) => commands::tenant::run(shared, args),
        Command::Demo(args) => commands::demo::run(shared, args),
        Command::Run(args) => commands::run::run(shared, args),
        Command::Pipe(args) => commands::pipe::run(shared, args),
        Command::Intake(args) => commands::intake::run(shared, args),
        Command::Quarantine(args) => commands::quarantine::run(shared, args),
        Command::Queue(args) => commands::queue::run(shared, args),
        Command::Case(args) => commands::case::run(shared, args),
        Command::Alert(args) => commands::alert::run(shared, args),
        Command::Boundary(args) => commands::boundary::run(shared, args),
        Command::Module(args) => commands::module::run(shared, args),
        Command::Audit(args) => commands::audit::run(shared, args),
        Command::Trail(args) => commands::trail::run(shared, args),
        Command::Group(args) => commands::group::run(shared, args),
        Command::Rejects(args) => commands::rejects::run(shared, args),
        Command::Retain(args) => commands::retain::run(shared, args),
        Command::Backup(args) => commands::backup::run(shared, args),
        Command::Restore(args) => commands::backup::restore(shared, args),
        Command::Upgrade => commands::upgrade::run(shared),
        Command::Doctor => commands::doctor::run(shared),
        Command::Completions { shell } => commands::completions::completions(*shell),
        Command::Man { dir } => commands::completions::man(dir),
    }
}

/// Whether only some commands have the format.
fn is_further(format: Format) -> bool {
    match format {
        Format::Table | Format::Json | Format::Ndjson => false,
        Format::Csv | Format::Sarif | Format::Html => true,
    }
}

/// The formats that a command has besides the three that all have.
fn further_formats(command: &Command) -> &'static [Format] {
    if let Command::Group(_) = command {
        return &[Format::Csv];
    }
    if let Command::Audit(_) = command {
        return &[Format::Sarif, Format::Html];
    }
    if let Command::Module(args::Module::Inspect { .. }) = command {
        return &[Format::Sarif];
    }
    &[]
}
