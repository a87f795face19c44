//! [`Net`]: a set network (DeepSets, Zaheer et al. 2017) over band frames, in candle.
//!
//! ```text
//! frames [B][T][54] → dense 96 → dense 64 → mean and sd over T → [B][128] ┐
//! pooled [B][57]   ────────────────────────────────────────────────────────┴→ dense 160 → [B][32]
//! ```
//! Several members of the same shape, trained from different seeds, are averaged.

use candle_core::{D, DType, Device, Result, Tensor};

use crate::features::{FEATURES, FRAME_WIDTH, Features, STATISTICS};
use crate::outputs::{
    DYNAMICS_SCALE_DB, EQ_SCALE_DB, MEANS, MODES, OUTPUTS, SIDE_SCALE_DB, SPREAD,
};

/// Width of the first frame layer.
pub const FRAME_HIDDEN: usize = 96;
/// Width of the second frame layer: what is pooled.
pub const FRAME_CODE: usize = 64;
/// Width of the layer after pooling.
pub const HEAD_HIDDEN: usize = 160;
/// Width of the pooled row: the long-term spectrum and the statistics.
pub const POOLED_WIDTH: usize = FRAME_WIDTH + STATISTICS;

/// Every tensor of one member: name, shape `[out, in]` or `[out]`.
pub const TENSORS: &[(&str, &[usize])] = &[
    ("frame1.weight", &[FRAME_HIDDEN, FRAME_WIDTH]),
    ("frame1.bias", &[FRAME_HIDDEN]),
    ("frame2.weight", &[FRAME_CODE, FRAME_HIDDEN]),
    ("frame2.bias", &[FRAME_CODE]),
    (
        "head1.weight",
        &[HEAD_HIDDEN, 2 * FRAME_CODE + POOLED_WIDTH],
    ),
    ("head1.bias", &[HEAD_HIDDEN]),
    ("head2.weight", &[OUTPUTS, HEAD_HIDDEN]),
    ("head2.bias", &[OUTPUTS]),
];

/// Slope of the activation below zero.
const LEAK: f64 = 0.05;
/// Smallest and largest log-variance, in units of the outputs' scales.
const LOG_VARIANCE_RANGE: (f64, f64) = (-7.0, 4.0);

/// One member of the ensemble. The tensors may be plain or trainable.
#[derive(Clone, Debug)]
pub struct Net {
    tensors: Vec<Tensor>,
    frame_offset: Tensor,
    frame_scale: Tensor,
    pooled_offset: Tensor,
    pooled_scale: Tensor,
    output_scale: Tensor,
}

/// What the net says for a batch, in dB.
#[derive(Clone, Debug)]
pub struct Outputs {
    /// Means, shape `[B][MEANS]`, dB.
    pub mean_db: Tensor,
    /// Natural logarithm of the variances, shape `[B][MEANS]`, of dB².
    pub log_variance: Tensor,
}

impl Net {
    /// Builds a member from its tensors in the order of [`TENSORS`], whose shapes the caller
    /// has checked.
    ///
    /// # Errors
    /// candle's, when the constants cannot be made on the device.
    pub fn new(tensors: Vec<Tensor>, device: &Device) -> Result<Self> {
        let table = |range: std::ops::Range<usize>, value: fn(&crate::features::Feature) -> f32| {
            FEATURES[range]
                .iter()
                .flat_map(|feature| std::iter::repeat_n(value(feature), feature.width))
                .collect::<Vec<f32>>()
        };
        let constant = |values: Vec<f32>| Tensor::new(values, device);
        let output_scale: Vec<f32> = (0..MEANS)
            .map(|index| match index {
                i if i < MODES => EQ_SCALE_DB as f32,
                i if i < SPREAD => SIDE_SCALE_DB as f32,
                _ => DYNAMICS_SCALE_DB as f32,
            })
            .collect();
        Ok(Self {
            tensors,
            frame_offset: constant(table(0..2, |f| f.offset))?,
            frame_scale: constant(table(0..2, |f| 1.0 / f.scale))?,
            pooled_offset: constant(table(2..FEATURES.len(), |f| f.offset))?,
            pooled_scale: constant(table(2..FEATURES.len(), |f| 1.0 / f.scale))?,
            output_scale: constant(output_scale)?,
        })
    }

    /// Runs the member on raw features: `frames_db` `[B][T][FRAME_WIDTH]`, `pooled`
    /// `[B][POOLED_WIDTH]`, in the units of [`FEATURES`].
    ///
    /// # Errors
    /// candle's, when the shapes do not fit.
    pub fn forward(&self, frames_db: &Tensor, pooled: &Tensor) -> Result<Outputs> {
        let (batch, frames, width) = frames_db.dims3()?;
        let x = frames_db
            .broadcast_sub(&self.frame_offset)?
            .broadcast_mul(&self.frame_scale)?
            .reshape((batch * frames, width))?;
        let x = leaky_relu(&self.dense(0, &x)?)?;
        let x = leaky_relu(&self.dense(1, &x)?)?;
        let x = x.reshape((batch, frames, FRAME_CODE))?;
        let mean = x.mean(1)?;
        let spread = x
            .broadcast_sub(&mean.unsqueeze(1)?)?
            .sqr()?
            .mean(1)?
            .affine(1.0, 1e-4)?
            .sqrt()?;
        let pooled = pooled
            .broadcast_sub(&self.pooled_offset)?
            .broadcast_mul(&self.pooled_scale)?;
        let x = Tensor::cat(&[&mean, &spread, &pooled], D::Minus1)?;
        let x = leaky_relu(&self.dense(2, &x)?)?;
        let x = self.dense(3, &x)?;
        let mean_db = x.narrow(1, 0, MEANS)?.broadcast_mul(&self.output_scale)?;
        let (low, high) = LOG_VARIANCE_RANGE;
        let scale_log = self.output_scale.log()?.affine(2.0, 0.0)?;
        let log_variance = x
            .narrow(1, MEANS, MEANS)?
            .clamp(low, high)?
            .broadcast_add(&scale_log)?;
        Ok(Outputs {
            mean_db,
            log_variance,
        })
    }

    /// Layer `index` of [`TENSORS`]: `x · wᵀ + b`.
    fn dense(&self, index: usize, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.tensors[2 * index].t()?)?
            .broadcast_add(&self.tensors[2 * index + 1])
    }
}

/// Leaky ReLU (Maas et al. 2013): no unit can die, whatever the weight decay.
fn leaky_relu(x: &Tensor) -> Result<Tensor> {
    x.maximum(&x.affine(LEAK, 0.0)?)
}

/// The features of one program as a batch of one: frames `[1][T][54]`, pooled `[1][57]`.
///
/// # Errors
/// candle's, when the tensors cannot be made.
pub fn batch_of_one(features: &Features, device: &Device) -> Result<(Tensor, Tensor)> {
    let frames: Vec<f32> = features.frames_db.iter().flatten().copied().collect();
    let frames = Tensor::from_vec(frames, (1, features.frames_db.len(), FRAME_WIDTH), device)?
        .to_dtype(DType::F32)?;
    let pooled: Vec<f32> = features
        .pooled_db
        .iter()
        .chain(&features.statistics)
        .copied()
        .collect();
    Ok((frames, Tensor::from_vec(pooled, (1, POOLED_WIDTH), device)?))
}

/// Name of a member's tensor in the file.
pub fn tensor_name(member: usize, name: &str) -> String {
    format!("member{member}.{name}")
}
