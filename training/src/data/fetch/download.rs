//! One file from an address, with the user's `curl` or `wget`.

use std::fs;
use std::path::Path;

use super::command::{new_command, run};
use super::error::cache_error;
use super::package::create_dir;
use super::{FetchError, Tools};

/// Downloads an address into a file, which appears whole or not at all.
pub(crate) fn download(
    tools: &Tools,
    name: &str,
    url: &str,
    target: &Path,
) -> Result<(), FetchError> {
    if let Some(parent) = target.parent() {
        create_dir(name, parent)?;
    }
    let mut part = target.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    // Both programs write through a link of this name.
    acetate_io::create_fresh(part).map_err(cache_error(name, "create", part))?;
    let mut curl = new_command(&tools.curl);
    curl.args(["--fail", "--location", "--silent", "--show-error"])
        .args(["--retry", "2", "--connect-timeout", "30"])
        .args(["--speed-limit", "1000", "--speed-time", "60", "--output"])
        .arg(part)
        .args(["--", url]);
    let mut result = run(name, &mut curl);
    // The other one only where this one is not installed: it would fail in the same way.
    if matches!(&result, Err(FetchError::Start { source, .. })
        if source.kind() == std::io::ErrorKind::NotFound)
    {
        let mut wget = new_command(&tools.wget);
        wget.args(["--quiet", "--tries=2", "--timeout=60", "--output-document"])
            .arg(part)
            .args(["--", url]);
        result = run(name, &mut wget);
    }
    let placed = result.and_then(|_| {
        fs::rename(part, target).map_err(cache_error(name, "move into place", target))
    });
    if placed.is_err() {
        // It may not even exist; what matters is the reason of the failure.
        _ = fs::remove_file(part);
    }
    placed
}
