//! Repair of what is no music: named moments ([`Repair`]), flat tops ([`Declip`]), hum ([`HumCancel`]). What is to
//! be repaired is found beforehand ([`find_clicks`], [`repairs_of`]) and stands in the settings.

mod autoregressive;
mod clicks;
mod declip;
mod hum;
mod lone;
mod moments;
mod unpredicted;

pub use clicks::{ClickLimits, FoundClick, find_clicks};
pub use declip::Declip;
pub use hum::HumCancel;
pub use lone::{merged, repairs_of, rounded};
pub use moments::Repair;
