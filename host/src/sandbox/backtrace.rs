//! What a module's author gets to know of a run that stopped: what it said and where it stood. All of
//! it is the module's own text, so it is bounded and made visible here. The files and lines of DWARF are
//! not read: they would be parsed in the host, outside every limit of the run. A panic says its own place.

use super::limit::Limits;
use crate::model::{Frame, Text};
use wasmtime::WasmBacktrace;

/// What a line of log begins with that is a panic's; the SDK writes it.
const PANIC: &str = "panic at ";
/// The longest name of a function, as it stands in the component and as it is shown, in bytes.
const NAME_BYTES: usize = 512;

/// The calls inside the module, the innermost first; at most [`Limits::FRAMES`]. A call that stands
/// there several times in a row is one frame. None of them is the host's.
pub(super) fn frames(error: &wasmtime::Error) -> Vec<Frame> {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let mut frames: Vec<Frame> = Vec::new();
    for info in trace.frames().iter().take(Limits::FRAMES) {
        let frame = Frame {
            function: info.func_name().map(name),
            index: info.func_index(),
            offset: info.module_offset().map(|offset| offset as u64),
            times: 1,
        };
        match frames.last_mut() {
            Some(last) if (last.index, last.offset) == (frame.index, frame.offset) => {
                last.times += 1;
            }
            Some(_) | None => frames.push(frame),
        }
    }
    frames
}

/// A function's name as its author wrote it.
fn name(raw: &str) -> Text {
    if raw.len() > NAME_BYTES {
        return Text::capped(raw, NAME_BYTES);
    }
    match rustc_demangle::try_demangle(raw) {
        Ok(name) => Text::capped(&format!("{name:#}"), NAME_BYTES),
        Err(_) => Text::capped(raw, NAME_BYTES),
    }
}

/// Where a panic was and what it said, where the last line of log is a panic's.
pub(super) fn message(last_line: Option<&Text>) -> Option<Text> {
    let says = last_line?.as_str().strip_prefix(PANIC)?;
    Some(Text::capped(says, Limits::LOG_LINE_BYTES + 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_demangled_and_bounded_and_shown_not_obeyed() {
        let rust = "_ZN7grouper5place6Placer5place17h0123456789abcdefE";
        assert_eq!(name(rust).as_str(), "grouper::place::Placer::place");
        assert_eq!(name("main").as_str(), "main");
        assert_eq!(name("a\u{1b}[2Jb").as_str(), "a\\u{1b}[2Jb");
        assert!(name(&"x".repeat(100_000)).as_str().len() < 600);
    }

    #[test]
    fn only_a_line_of_a_panic_is_a_message() {
        let line = |text| message(Some(&Text::capped(text, 1_024)));
        assert_eq!(
            line("panic at src/lib.rs:3:5: oh").unwrap().as_str(),
            "src/lib.rs:3:5: oh"
        );
        assert_eq!(line("looked at 3 alerts"), None);
        assert_eq!(message(None), None);
    }
}
