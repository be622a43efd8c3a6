/// Runs before each export: a panic's place and message go to the log before the module aborts. The
/// host keeps a last line of this form as the run's message, for the module's author.
#[cfg(target_arch = "wasm32")]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        let says = panic.payload_as_str().unwrap_or("no message");
        match panic.location() {
            Some(place) => crate::write_log(&format!("panic at {place}: {says}")),
            None => crate::write_log(&format!("panic at an unknown place: {says}")),
        }
    }));
}

/// Natively a panic is the caller's.
#[cfg(not(target_arch = "wasm32"))]
pub const fn start() {}
