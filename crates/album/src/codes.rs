//! Codes of a release: [`Isrc`] for a recording (ISO 3901), [`Barcode`] for the release (GS1: UPC-A of 12
//! digits, EAN-13).

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a code is none.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodeError {
    /// Not of the form that ISO 3901 gives.
    #[error(
        "expected an ISRC of 2 letters, 3 letters or digits, and 7 digits, such as US-RC1-76-07839, found \"{got}\""
    )]
    Isrc {
        /// What was found.
        got: String,
    },
    /// Not 12 or 13 digits.
    #[error("expected a UPC of 12 digits or an EAN of 13, found \"{got}\"")]
    Barcode {
        /// What was found.
        got: String,
    },
    /// The last digit does not fit the others.
    #[error(
        "expected the check digit {expected} at the end of {got}: compare the number with its source"
    )]
    CheckDigit {
        /// The digit that fits.
        expected: u8,
        /// What was found.
        got: String,
    },
}

/// International Standard Recording Code, without hyphens, in upper case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Isrc(String);

impl Isrc {
    /// Reads a code, with or without hyphens and spaces (ISO 3901:2019, 4).
    ///
    /// # Errors
    /// [`CodeError::Isrc`].
    pub fn read(text: &str) -> Result<Self, CodeError> {
        let plain: String = text
            .chars()
            .filter(|character| !matches!(character, '-' | ' '))
            .map(|character| character.to_ascii_uppercase())
            .collect();
        let fits = plain.len() == 12
            && plain.bytes().enumerate().all(|(place, byte)| match place {
                0 | 1 => byte.is_ascii_uppercase(),
                2..=4 => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
                _ => byte.is_ascii_digit(),
            });
        if fits {
            Ok(Self(plain))
        } else {
            Err(CodeError::Isrc {
                got: text.to_owned(),
            })
        }
    }

    /// Twelve characters, as a file carries them.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Isrc {
    type Error = CodeError;

    fn try_from(text: String) -> Result<Self, CodeError> {
        Self::read(&text)
    }
}

impl From<Isrc> for String {
    fn from(code: Isrc) -> Self {
        code.0
    }
}

/// UPC-A or EAN-13 with a check digit that fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Barcode(String);

impl Barcode {
    /// Reads a number, with or without hyphens and spaces.
    ///
    /// # Errors
    /// [`CodeError::Barcode`], [`CodeError::CheckDigit`].
    pub fn read(text: &str) -> Result<Self, CodeError> {
        let plain: String = text
            .chars()
            .filter(|character| !matches!(character, '-' | ' '))
            .collect();
        let is_number = plain.bytes().all(|byte| byte.is_ascii_digit());
        let Some((last, digits)) = plain.as_bytes().split_last() else {
            return Err(CodeError::Barcode {
                got: text.to_owned(),
            });
        };
        if !is_number || !matches!(plain.len(), 12 | 13) {
            return Err(CodeError::Barcode {
                got: text.to_owned(),
            });
        }
        let expected = check_digit(digits);
        if *last != b'0' + expected {
            return Err(CodeError::CheckDigit {
                expected,
                got: plain,
            });
        }
        Ok(Self(plain))
    }

    /// As it was given: 12 or 13 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Thirteen digits, as the catalog number of a CD has them.
    pub fn ean13(&self) -> String {
        format!("{:0>13}", self.0)
    }
}

/// The digit with which the sum, weighted 3 and 1 from the right, is a multiple of ten (GS1 General
/// Specifications, 7.9).
fn check_digit(digits: &[u8]) -> u8 {
    let weighted = digits.iter().rev().enumerate().map(|(place, digit)| {
        let weight = if place % 2 == 0 { 3 } else { 1 };
        u32::from(digit - b'0') * weight
    });
    // At most 9.
    ((10 - weighted.sum::<u32>() % 10) % 10) as u8
}

impl TryFrom<String> for Barcode {
    type Error = CodeError;

    fn try_from(text: String) -> Result<Self, CodeError> {
        Self::read(&text)
    }
}

impl From<Barcode> for String {
    fn from(code: Barcode) -> Self {
        code.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_isrc_is_read_with_and_without_hyphens_and_nothing_else_is_one() {
        assert_eq!(
            Isrc::read("us-rc1-76-07839").unwrap().as_str(),
            "USRC17607839"
        );
        for wrong in [
            "USRC1760783",
            "1SRC17607839",
            "USRC1760783X",
            "USRC176078390",
            "",
            "ÜSRC17607839",
        ] {
            assert!(Isrc::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_barcode_needs_its_check_digit() {
        assert_eq!(
            Barcode::read("036000291452").unwrap().ean13(),
            "0036000291452"
        );
        assert_eq!(
            Barcode::read("4006381333931").unwrap().as_str(),
            "4006381333931"
        );
        assert_eq!(
            Barcode::read("036000291453"),
            Err(CodeError::CheckDigit {
                expected: 2,
                got: "036000291453".to_owned()
            })
        );
        for wrong in ["", "12345", "03600029145X", "00036000291452"] {
            assert!(Barcode::read(wrong).is_err(), "{wrong}");
        }
    }
}
