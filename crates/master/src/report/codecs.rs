//! [`CodecSafety`]: what lossy encoding does to a master.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What lossy encoding does to a master.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CodecSafety {
    /// The ceiling that was asked for, dBTP.
    pub asked_ceiling_dbtp: f64,
    /// The ceiling that was rendered, dBTP.
    pub ceiling_dbtp: f64,
    /// Every render and its decoded peaks.
    pub passes: Vec<CodecPass>,
    /// Codecs that could not be tried; the documented margin stands for them.
    pub missing: Vec<MissingCodec>,
    /// True when no decoded peak of the last render passes full scale.
    pub held: bool,
}

/// One render, encoded and decoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CodecPass {
    /// The ceiling of this render, dBTP.
    pub ceiling_dbtp: f64,
    /// One per codec.
    pub readings: Vec<CodecReading>,
}

/// One codec's decoded peak.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CodecReading {
    /// The codec with its bit rate.
    pub codec: String,
    /// Program and version.
    pub encoder: String,
    /// True peak after decoding, by our own meter, dBTP.
    pub true_peak_dbtp: f64,
}

/// A codec that could not be tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MissingCodec {
    /// The codec with its bit rate.
    pub codec: String,
    /// Why.
    pub reason: String,
    /// The highest true peak that its documented margin allows, dBTP.
    pub allowed_dbtp: f64,
}
