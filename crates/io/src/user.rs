//! Places of the user's own.

use std::path::PathBuf;

/// The folder of all caches: `$XDG_CACHE_HOME/acetate`, or `~/.cache/acetate`. None where neither
/// variable holds an absolute path.
pub fn user_cache_dir() -> Option<PathBuf> {
    let absolute = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("acetate"))
}
