//! [`Token`]: the secret that the page carries, and one-time tickets of the same kind.

use std::fmt::Write;

use crate::error::StudioError;

/// Random bytes in a token: 128 bits.
const TOKEN_BYTES: usize = 16;

/// A random secret, as hex.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Token(String);

impl Token {
    /// A fresh one of the system's random numbers.
    pub(crate) fn random() -> Result<Self, StudioError> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| StudioError::NoRandom {
            found: error.to_string(),
        })?;
        let mut text = String::with_capacity(2 * TOKEN_BYTES);
        for byte in bytes {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(text))
    }

    /// One that somebody gives.
    pub(crate) fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether somebody gave this very token; takes as long for a wrong first byte as for a wrong last one.
    pub(crate) fn is(&self, given: &[u8]) -> bool {
        let ours = self.0.as_bytes();
        let differing = ours
            .iter()
            .zip(given)
            .fold(0, |differing, (a, b)| differing | (a ^ b));
        ours.len() == given.len() && differing == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tokens_differ_and_have_128_bits() {
        let (a, b) = (Token::random().unwrap(), Token::random().unwrap());
        assert!(a != b);
        assert_eq!(a.as_str().len(), 32);
        assert!(a.is(a.as_str().as_bytes()));
        assert!(!a.is(b.as_str().as_bytes()));
        assert!(!a.is(b""));
    }
}
