//! Reads the secret that a service draws random values from.

use std::{fs::File, io::Read as _, path::Path};

use seaway_core::{
    declaration::DrawKey,
    diagnostic::{Diagnostic, codes},
};
use seaway_render::drawn::{KEY_BYTES_MAX, Key};

/// The key that a declaration refers to.
///
/// # Errors
/// When it is not there or no key; the finding never holds a part of it.
pub(crate) fn read(root: &Path, declared: &DrawKey) -> Result<Key, Diagnostic> {
    let bytes = match declared {
        DrawKey::Variable(name) => match std::env::var_os(name) {
            Some(value) => value.into_encoded_bytes(),
            None => return Err(finding(declared, "it is not set")),
        },
        DrawKey::File(path) => file(&root.join(path)).map_err(|why| finding(declared, &why))?,
    };
    Key::new(&bytes).map_err(|why| finding(declared, &why.to_string()))
}

fn file(path: &Path) -> Result<Vec<u8>, String> {
    // A named pipe would wait for ever.
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err("it is no file".to_owned()),
        Err(error) => return Err(error.to_string()),
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(KEY_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn finding(declared: &DrawKey, why: &str) -> Diagnostic {
    let message = format!("{declared} gives no key to draw random values from: {why}");
    let help = match declared {
        DrawKey::File(_) => {
            "make one with `openssl rand -hex 32`, keep it out of the repository and hand it to whoever plans or runs"
        }
        DrawKey::Variable(_) => {
            "set it to the output of `openssl rand -hex 32`, the same one wherever this workspace is planned or run"
        }
    };
    Diagnostic { hides_source: true, ..Diagnostic::error(codes::DRAW_KEY, message).help(help) }
}
