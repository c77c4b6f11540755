//! Help, version, completions and manual pages.

use clap::CommandFactory;

use super::sandbox::Sandbox;

/// Every command with its path, such as `["rollout", "start"]`.
pub fn verbs() -> Vec<Vec<String>> {
    fn walk(command: &clap::Command, path: &[String], all: &mut Vec<Vec<String>>) {
        for verb in command.get_subcommands() {
            let path: Vec<String> = path.iter().cloned().chain([verb.get_name().to_owned()]).collect();
            all.push(path.clone());
            walk(verb, &path, all);
        }
    }
    let mut all = Vec::new();
    walk(&seaway_cli::cli::Cli::command(), &[], &mut all);
    all
}

#[test]
fn every_verb_explains_itself_with_examples() {
    let sandbox = Sandbox::new();
    for verb in verbs() {
        let mut args: Vec<&str> = verb.iter().map(String::as_str).collect();
        args.push("--help");
        let help = sandbox.run(&args);
        assert_eq!(help.code, 0, "{verb:?}");
        if verb != ["rollout"] {
            assert!(help.stdout.contains("Examples:\n"), "{verb:?} has no examples");
        }
        assert!(!help.stdout.contains("\u{1b}"), "{verb:?}");
    }
}

#[test]
fn examples_in_help_are_commands_that_parse() {
    for verb in verbs() {
        let command = seaway_cli::cli::Cli::command();
        let found = verb.iter().try_fold(&command, |command, name| command.find_subcommand(name)).unwrap();
        let text = found.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.trim().strip_prefix("seaway "));
        for line in lines {
            // Two spaces start the explanation.
            let call = line.split("  ").next().unwrap().split(['|', '>']).next().unwrap();
            let call = call.replace('\'', "\"");
            let args = std::iter::once("seaway".to_owned()).chain(words(&call));
            let parsed = seaway_cli::cli::Cli::command().try_get_matches_from(args);
            assert!(parsed.is_ok(), "seaway {call}: {}", parsed.unwrap_err());
        }
    }
}

/// Words of a command line; double quotes hold some together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in line.trim().chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn wrong_usage_is_an_error_and_not_a_change() {
    let sandbox = Sandbox::new();
    for args in [&["plan"][..], &["plan", "--nope"], &["nope"], &["-o", "xml", "validate"], &["rollout", "start"], &[]]
    {
        let ran = sandbox.run(args);
        assert_eq!(ran.code, 1, "{args:?}");
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{args:?}");
    }
    assert_eq!(sandbox.run(&["--version"]).stdout, format!("seaway {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_for_every_shell() {
    let sandbox = Sandbox::new();
    for (shell, mark) in [
        ("bash", "complete "),
        ("zsh", "#compdef seaway"),
        ("fish", "complete -c seaway"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let script = sandbox.run(&["completions", shell]);
        assert_eq!(script.code, 0, "{shell}");
        assert!(script.stdout.contains(mark) && script.stdout.contains("rollout"), "{shell}");
    }
    let path = sandbox.write("seaway.bash", &sandbox.run(&["completions", "bash"]).stdout);
    let checked = std::process::Command::new("bash").arg("-n").arg(path).status().expect("bash");
    assert!(checked.success(), "bash reads the script");
}

#[test]
fn a_manual_page_for_every_verb() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path().join("man")).unwrap();
    assert_eq!(sandbox.run(&["man", "--to", "man"]).code, 0);
    assert_eq!(sandbox.files().len(), verbs().len() + 1);
    let page = sandbox.read("man/seaway-rollout-start.1");
    assert!(page.contains("seaway rollout start") && page.contains(".SH EXTRA"), "{page}");
    assert!(sandbox.run(&["man"]).stdout.contains(".TH"));
    assert_eq!(sandbox.run(&["man", "--to", "missing"]).code, 1);
}

#[test]
fn output_that_nobody_reads_ends_in_silence() {
    use std::process::Stdio;
    let sandbox = Sandbox::new();
    let mut child = sandbox.command(&["man"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
