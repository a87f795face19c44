//! The page, as it lies in the binary.

use acetate_handover::SHARED_SCRIPTS;
use axum::extract::Path;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

/// A file of the page: name, type, bytes.
type Asset = (&'static str, &'static str, &'static str);

macro_rules! asset {
    ($name:literal, $kind:expr) => {
        ($name, $kind, include_str!(concat!("../../page/", $name)))
    };
    ($folder:literal, $name:literal, $kind:expr) => {
        (
            $name,
            $kind,
            include_str!(concat!("../../page/", $folder, "/", $name)),
        )
    };
}

/// What the page alone loads; names are unique over the folders.
pub(crate) const ASSETS: &[Asset] = &[
    asset!("studio.css", CSS),
    asset!("icon.svg", PICTURE),
    asset!("main.js", SCRIPT),
    asset!("api.js", SCRIPT),
    asset!("keys.js", SCRIPT),
    asset!("desk", "eq.js", SCRIPT),
    asset!("desk", "knobs.js", SCRIPT),
    asset!("desk", "reading.js", SCRIPT),
    asset!("desk", "references.js", SCRIPT),
    asset!("desk", "take.js", SCRIPT),
    asset!("desk", "turns.js", SCRIPT),
    asset!("desk", "variants.js", SCRIPT),
    asset!("list", "album.js", SCRIPT),
    asset!("list", "earlier.js", SCRIPT),
    asset!("list", "join.js", SCRIPT),
    asset!("list", "songs.js", SCRIPT),
    asset!("sound", "blind.js", SCRIPT),
    asset!("sound", "chunks.js", SCRIPT),
    asset!("sound", "mixer.js", SCRIPT),
    asset!("sound", "player.js", SCRIPT),
    asset!("sound", "sounds.js", SCRIPT),
    asset!("sound", "speakers.js", SCRIPT),
];

/// The page's own files, and the scripts that it shares with the report page.
fn all() -> impl Iterator<Item = Asset> {
    let shared = SHARED_SCRIPTS.iter();
    let shared = shared.map(|(name, text)| (*name, SCRIPT, *text));
    ASSETS.iter().copied().chain(shared)
}

const INDEX: &str = include_str!("../../page/index.html");

pub(super) async fn page() -> Response {
    ([(CONTENT_TYPE, HTML)], INDEX).into_response()
}

pub(super) async fn asset(Path(name): Path<String>) -> Result<Response, ApiError> {
    let found = all().find(|(known, ..)| *known == name);
    let (_, kind, text) = found.ok_or_else(|| ApiError::not_found("a file of the page"))?;
    Ok(([(CONTENT_TYPE, kind)], text).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest page without audio, bytes.
    const MAX_PAGE_BYTES: usize = 600_000;

    #[test]
    fn the_page_stays_small() {
        let bytes: usize = all().map(|(.., text)| text.len()).sum();
        assert!(INDEX.len() + bytes < MAX_PAGE_BYTES);
    }

    #[test]
    fn the_page_loads_nothing_but_what_the_binary_holds() {
        let texts = all().map(|(.., text)| text).chain([INDEX]);
        for text in texts {
            for place in ["http://", "https://", "//cdn"] {
                let places = text.matches(place).count();
                let names = text.matches("http://www.w3.org/").count();
                assert_eq!(
                    places,
                    if place == "http://" { names } else { 0 },
                    "{place}"
                );
            }
        }
        assert!(
            !INDEX.contains("<style") && !INDEX.contains("<script>"),
            "the policy refuses inline code"
        );
        assert!(!INDEX.contains(" style=") && !INDEX.contains(" onclick="));
    }
}
