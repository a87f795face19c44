//! Comparing values side by side, in loops that a compiler turns into wide registers.

/// Values that [`highest`] compares side by side.
pub(crate) const LANES: usize = 16;

/// Values side by side.
#[inline(always)]
pub(crate) fn lanes<const N: usize>(from: &[f32], at: usize) -> [f32; N] {
    let from = &from[at..at + N];
    std::array::from_fn(|lane| from[lane])
}

/// Largest absolute value; what is not a number counts as zero.
#[inline(always)]
pub(crate) fn highest(samples: &[f32]) -> f32 {
    let mut tops = [0.0f32; LANES];
    let (chunks, rest) = samples.as_chunks::<LANES>();
    for chunk in chunks {
        for (top, x) in tops.iter_mut().zip(chunk) {
            *top = larger(x.abs(), *top);
        }
    }
    if !rest.is_empty() {
        // Some may be looked at twice, which changes nothing.
        let rest = samples.last_chunk::<LANES>().map_or(rest, |last| last);
        for (top, x) in tops.iter_mut().zip(rest) {
            *top = larger(x.abs(), *top);
        }
    }
    largest(tops)
}

/// The largest of values that are numbers.
#[inline(always)]
pub(crate) fn largest(tops: [f32; LANES]) -> f32 {
    let tops: [f32; 8] = std::array::from_fn(|lane| larger(tops[lane], tops[lane + 8]));
    let tops: [f32; 4] = std::array::from_fn(|lane| larger(tops[lane], tops[lane + 4]));
    larger(larger(tops[0], tops[2]), larger(tops[1], tops[3]))
}

/// The larger of two values, and `floor` where `value` is not a number. One instruction, unlike
/// `f32::max`.
#[inline(always)]
pub(crate) fn larger(value: f32, floor: f32) -> f32 {
    if value > floor { value } else { floor }
}
