//! The repairs of lone transients, and what many repairs have in common.

use crate::measure::lone_transients::{LoneTransient, TransientKind};
use crate::settings::{
    MAX_INTERPOLATED_MS, MIN_REPAIR_GAIN_DB, REPAIRS_APART_MS, Repair, RepairKind, RepairedChannel,
};

/// What a click has on either side that is replaced with it, ms.
const CLICK_MARGIN_MS: f64 = 0.3;
/// A bump is turned down to this far above the rest's highest peak, dB: the limiter takes that alone.
const LEFT_OVER_DB: f64 = 3.0;

/// The repairs of lone transients, in order of time, rounded as a settings file writes them. What lies too
/// close to the one before for a repair of its own is left to the limiter.
pub fn repairs_of(events: &[LoneTransient], sample_rate_hz: u32) -> Vec<Repair> {
    let rate_hz = f64::from(sample_rate_hz);
    let moment = |event: &LoneTransient| {
        let start_s = event.start_frame as f64 / rate_hz;
        let length_ms = 1000.0 * event.frames as f64 / rate_hz;
        match event.kind {
            TransientKind::Click => {
                let at_s = (start_s - CLICK_MARGIN_MS / 1000.0).max(0.0);
                Repair {
                    at_s,
                    length_ms: (1000.0 * (start_s - at_s) + length_ms + CLICK_MARGIN_MS)
                        .min(MAX_INTERPOLATED_MS),
                    kind: RepairKind::Interpolate,
                    gain_db: 0.0,
                    channel: RepairedChannel::Both,
                }
            }
            TransientKind::Bump => Repair {
                at_s: start_s,
                length_ms,
                kind: RepairKind::Attenuate,
                gain_db: (LEFT_OVER_DB - event.over_db).clamp(MIN_REPAIR_GAIN_DB, 0.0),
                channel: RepairedChannel::Both,
            },
        }
    };
    merged(events.iter().map(moment))
}

/// Moments in order of time, rounded as a settings file writes them, without those that come too soon after one in the
/// same channel.
pub fn merged(moments: impl IntoIterator<Item = Repair>) -> Vec<Repair> {
    let mut moments: Vec<Repair> = moments.into_iter().map(rounded).collect();
    moments.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    let mut free_s = [0.0_f64; 2];
    moments.retain(|moment| {
        let lanes = moment.channel.lanes();
        let is_free = lanes.clone().all(|lane| moment.at_s >= free_s[lane]);
        if is_free {
            for lane in lanes {
                // What a file rounds must not bring two of them too close.
                free_s[lane] = moment.end_s() + (REPAIRS_APART_MS + 0.01) / 1000.0;
            }
        }
        is_free
    });
    moments
}

/// As a settings file writes it.
pub fn rounded(repair: Repair) -> Repair {
    let to = |value: f64, steps: f64| (value * steps).round() / steps;
    Repair {
        at_s: to(repair.at_s, 1e6),
        length_ms: to(repair.length_ms, 1e3),
        gain_db: to(repair.gain_db, 1e2),
        ..repair
    }
}
