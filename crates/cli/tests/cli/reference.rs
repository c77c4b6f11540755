//! The reference in `docs/reference/` is generated: `SEAWAY_UPDATE=1 cargo test -p seaway-cli --test cli reference`
//! writes it, and without the variable a difference fails.

use std::{fs, path::Path};

use clap::{Command, CommandFactory};
use seaway_cli::{cli::Cli, exit};

use super::sandbox::Sandbox;

/// Columns of the help texts; independent of the terminal that the test runs in.
const COLUMNS: usize = 100;

fn check(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    if std::env::var_os("SEAWAY_UPDATE").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/reference/{name} is not what the program says: `SEAWAY_UPDATE=1 cargo test -p seaway-cli --test cli \
         reference` writes it anew"
    );
}

#[test]
fn commands() {
    let mut command = Cli::command().term_width(COLUMNS);
    command.build();
    let mut out = String::from(
        "# Commands\n\n<!-- Generated from the program by a test; do not edit. -->\n\n\
         Every command takes the [global options](#seaway); `seaway COMMAND --help` shows the same as this page.\n\
         How a command ends is in [exit codes](exit-codes.md).\n",
    );
    page(&command, "seaway", &mut out);
    check("cli.md", &out);
}

fn page(command: &Command, name: &str, out: &mut String) {
    let mut shown = command.clone().bin_name(name).term_width(COLUMNS);
    if name != "seaway" {
        // Said once, at the top.
        shown = shown.mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
    }
    let help = shown.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    *out += &format!("\n## {name}\n\n```text\n{}\n```\n", help.join("\n").trim_end());
    for verb in command.get_subcommands() {
        page(verb, &format!("{name} {}", verb.get_name()), out);
    }
}

#[test]
fn exit_codes() {
    let text = format!(
        "# Exit codes\n\n<!-- Generated from the program by a test; do not edit. -->\n\n\
         One table holds for all commands.\n\n{}\n\
         - `plan` ends with 0, 2 or 1, like `terraform plan -detailed-exitcode`. A plan that cannot start, because a \
         change is refused (`x`), is an error.\n\
         - `validate` ends with 1 when there is an error, with `--strict` also when there is a warning.\n\
         - `rollout start`, `resume`, `retry` and `watch` end with the code of the rollout: 0, 3 or 4; with 5 when \
         `--leave-at-approval` let them leave; with 130 after Ctrl-C.\n\
         - `rollout status --exit-code` says how a rollout is without waiting: 0, 3, 4, 5 or 7.\n\
         - `rollout stop` ends with 0 when the rollout has ended because of it.\n\
         - Wrong usage is 1, never 2: 2 always means that there is something to do.\n",
        exit::markdown()
    );
    check("exit-codes.md", &text);
}

#[test]
fn schemas() {
    for format in ["environment", "service", "plan"] {
        let printed = Sandbox::new().run(&["schema", format]);
        check(&format!("schemas/{format}.json"), &printed.stdout);
    }
}
