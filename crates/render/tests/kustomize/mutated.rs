//! Cases with bytes changed at random: a build answers, whatever stands in its files.

use std::{fs, path::Path};

use seaway_render::{
    Tree,
    kustomize::{NoCharts, RemoteSources, build},
};

/// Builds of each case; `SEAWAY_MUTATIONS` asks for more.
const ROUNDS: u64 = 3;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides.max(1) as u64).unwrap()
    }
}

fn read(folder: &Path, root: &Path, out: &mut Vec<(String, Vec<u8>)>) {
    for path in super::sorted(folder) {
        if path.is_dir() {
            read(&path, root, out);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            out.push((name, fs::read(&path).unwrap()));
        }
    }
}

/// Words and signs that mean something to YAML, JSON or Kustomize.
const PIECES: [&str; 24] = [
    "- ",
    ": ",
    "{}",
    "[]",
    "null",
    "~",
    "*a",
    "&a ",
    "<<: ",
    "$patch: delete",
    "$patch: replace",
    "\n---\n",
    "\"",
    "'",
    "[name=web]",
    "*",
    "-1",
    "$(V)",
    "\t",
    "!!int ",
    "kind: List\nitems:\n",
    "metadata:\n",
    "%",
    "| ",
];

fn mutate(bytes: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.roll(4) {
        let at = dice.roll(bytes.len() + 1);
        match dice.roll(5) {
            0 if at < bytes.len() => bytes[at] = u8::try_from(dice.roll(256)).unwrap(),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 => {
                let until = (at + dice.roll(30)).min(bytes.len());
                bytes.drain(at..until);
            }
            3 => {
                let until = (at + dice.roll(30)).min(bytes.len());
                let copy = bytes[at..until].to_vec();
                let to = dice.roll(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            _ => drop(bytes.splice(at..at, PIECES[dice.roll(PIECES.len())].bytes())),
        }
    }
}

#[test]
fn mutated_cases_are_built_or_refused() {
    let rounds = std::env::var("SEAWAY_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let mut dice = Dice(0x5eed);
    let mut built = 0;
    for feature in super::sorted(&super::data()) {
        for folder in super::sorted(&feature) {
            let mut files = Vec::new();
            read(&folder, &folder, &mut files);
            let path = if folder.join("overlay").is_dir() { "overlay" } else { "" };
            for _ in 0..rounds {
                let mut files = files.clone();
                for _ in 0..=dice.roll(2) {
                    let chosen = dice.roll(files.len());
                    mutate(&mut files[chosen].1, &mut dice);
                }
                let tree = Tree::of("", files).unwrap();
                let first = build(&tree, path, &RemoteSources::none(), &NoCharts);
                built += usize::from(first.is_ok());
                assert_eq!(first, build(&tree, path, &RemoteSources::none(), &NoCharts));
            }
        }
    }
    assert!(built > 20, "only {built} mutated cases were built");
}
