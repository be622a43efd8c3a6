/// Runs before each export: a panic's message goes to the log before the module aborts.
#[cfg(target_arch = "wasm32")]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        crate::write_log(&format!("panic: {panic}"));
    }));
}

/// Natively a panic is the caller's.
#[cfg(not(target_arch = "wasm32"))]
pub const fn start() {}
