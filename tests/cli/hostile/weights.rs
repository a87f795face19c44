//! Weights are data: whatever a file says, it is checked before use, and refused by name.

use acetate_model::weights::{DEFAULT_WEIGHTS, MAX_BYTES};

use super::refused;
use crate::dir::{Dir, program, write_wav};

/// Bytes before the header, which give its length.
const LENGTH_BYTES: usize = 8;

fn header_bytes() -> usize {
    let length: [u8; LENGTH_BYTES] = DEFAULT_WEIGHTS[..LENGTH_BYTES].try_into().unwrap();
    u64::from_le_bytes(length) as usize
}

/// The shipped weights with a piece of their header replaced by one of the same length.
fn with_header(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let header = &DEFAULT_WEIGHTS[..LENGTH_BYTES + header_bytes()];
    let at = header
        .windows(from.len())
        .position(|window| window == from.as_bytes())
        .unwrap_or_else(|| panic!("{from} is in the header"));
    let mut bytes = DEFAULT_WEIGHTS.to_vec();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    bytes
}

#[test]
fn hostile_weights_are_refused() {
    let dir = Dir::new();
    write_wav(&dir.path("mix.wav"), 44_100, 2, &program(44_100, 1.0));
    let with_length = |length: u64| {
        let mut bytes = DEFAULT_WEIGHTS.to_vec();
        bytes[..LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
        bytes
    };
    let with_last = |value: f32| {
        let mut bytes = DEFAULT_WEIGHTS.to_vec();
        let end = bytes.len();
        bytes[end - 4..].copy_from_slice(&value.to_le_bytes());
        bytes
    };
    let safetensors = "expected a safetensors file";
    for (bytes, words) in [
        (b"".to_vec(), safetensors),
        (with_length(4 << 30), safetensors),
        (with_length(u64::MAX), safetensors),
        (with_length(0), safetensors),
        (
            DEFAULT_WEIGHTS[..LENGTH_BYTES + header_bytes() / 2].to_vec(),
            safetensors,
        ),
        (
            DEFAULT_WEIGHTS[..DEFAULT_WEIGHTS.len() - 1].to_vec(),
            safetensors,
        ),
        (with_last(f32::NAN), "expected finite values, got NaN"),
        (with_last(f32::INFINITY), "expected finite values, got inf"),
        (
            with_header("\"dtype\":\"F32\"", "\"dtype\":\"I32\""),
            "expected",
        ),
        (
            with_header("[96,54]", "[54,96]"),
            "made for another version of Acetate",
        ),
        (with_header("[96,54]", "[99,99]"), safetensors),
        (
            with_header("acetate.weights/4", "acetate.weights/9"),
            "expected acetate.weights/4",
        ),
    ] {
        dir.write("w.safetensors", &bytes);
        let args = ["master", "mix.wav", "--weights", "w.safetensors"];
        refused(&dir, &args, "w.safetensors", words);
    }
}

#[test]
fn weights_larger_than_any_of_ours_are_refused_unread() {
    let dir = Dir::new();
    write_wav(&dir.path("mix.wav"), 44_100, 2, &program(44_100, 1.0));
    let file = std::fs::File::create(dir.path("w.safetensors")).unwrap();
    file.set_len(MAX_BYTES as u64 + 1).unwrap();
    let args = ["master", "mix.wav", "--weights", "w.safetensors"];
    refused(
        &dir,
        &args,
        "w.safetensors",
        &format!("expected at most {MAX_BYTES} bytes"),
    );
}
