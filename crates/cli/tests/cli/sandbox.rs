//! A folder of its own for each test, and the command in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::Duration,
};

/// A kubeconfig with the contexts of `seaway init`, at an address where nobody listens.
const KUBECONFIG: &str = "apiVersion: v1
kind: Config
clusters: [{name: nobody, cluster: {server: \"https://127.0.0.1:1\"}}]
users: [{name: ana, user: {}}]
contexts:
- {name: first-1, context: {cluster: nobody, user: ana}}
- {name: second-1, context: {cluster: nobody, user: ana}}
";

/// A temporary folder, and a home of its own with a kubeconfig whose clusters do not answer.
pub struct Sandbox {
    folder: tempfile::TempDir,
    home: tempfile::TempDir,
}

/// What a call gave.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Self {
        let (folder, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(home.path().join("kubeconfig"), KUBECONFIG).unwrap();
        Self { folder, home }
    }

    /// With the workspace that `seaway init` writes.
    pub fn initialised() -> Self {
        let sandbox = Self::new();
        assert_eq!(sandbox.run(&["init"]).code, 0);
        sandbox
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Replaces text in a file; fails when it is not there.
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} does not contain {from:?}");
        self.write(name, &text.replace(from, to));
    }

    /// Every file below the folder, sorted.
    pub fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect(self.path(), "", &mut files);
        files.sort();
        files
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seaway"));
        command.args(args).current_dir(self.path()).stdin(Stdio::null());
        for name in ["NO_COLOR", "SEAWAY_LOG", "COLUMNS"] {
            command.env_remove(name);
        }
        command.env("HOME", self.home.path()).env("KUBECONFIG", self.home.path().join("kubeconfig"));
        command.env("SEAWAY_USER", "ana");
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::command(&mut self.command(args))
    }

    /// The user's home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }
}

/// Longest time for a command; more is a hang, and a test that hangs says nothing.
const PATIENCE: Duration = Duration::from_secs(60);

impl Ran {
    /// Runs a command to its end.
    pub fn command(command: &mut Command) -> Self {
        Self::within(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Waits for the end of a process, and ends it when it does not come.
    pub fn within(child: Child) -> Self {
        let pid = child.id().to_string();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let output = receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            let _ = Command::new("kill").args(["-9", &pid]).status();
            panic!("the command has not ended in {} s", PATIENCE.as_secs());
        });
        Self::of(output.unwrap())
    }

    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push(name);
        }
    }
}

/// The examples of the repository.
pub fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}
