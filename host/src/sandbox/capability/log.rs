use crate::sandbox::bindings::{log, types};
use crate::sandbox::run::Run;

impl log::Host for Run {
    fn write(&mut self, line: String) -> wasmtime::Result<()> {
        self.log(&line)
    }
}

impl types::Host for Run {}
