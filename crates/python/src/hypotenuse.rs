//! The C functions `hypot` and `hypotf`, which a dependency calls. Those of glibc 2.35 alone would shut out
//! older systems, and give other bits than `libm`.

/// As of C.
// No other function of the process has this name: the module is loaded with its symbols local.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
extern "C" fn hypot(x: f64, y: f64) -> f64 {
    libm::hypot(x, y)
}

/// As of C.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
extern "C" fn hypotf(x: f32, y: f32) -> f32 {
    libm::hypotf(x, y)
}
