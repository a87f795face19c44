//! Places of the user's own.

use std::path::PathBuf;

/// The folder of all caches: `$XDG_CACHE_HOME/acetate`, or `~/.cache/acetate`. None where neither
/// variable holds an absolute path.
pub fn user_cache_dir() -> Option<PathBuf> {
    own("XDG_CACHE_HOME", ".cache")
}

/// The folder of the user's configuration: `$XDG_CONFIG_HOME/acetate`, or `~/.config/acetate`. None where
/// neither variable holds an absolute path.
pub fn user_config_dir() -> Option<PathBuf> {
    own("XDG_CONFIG_HOME", ".config")
}

fn own(variable: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute(variable)
        .or_else(|| absolute("HOME").map(|home| home.join(below_home)))
        .map(|folder| folder.join("acetate"))
}
