//! The bytes that all calls of one run may copy, together. Each is taken before the copy is made.

use super::limit::{Limit, OverLimit};

/// What a run may still copy of its questions and answers.
#[derive(Debug)]
pub(super) struct Allowance {
    whole: usize,
    left: usize,
}

impl Allowance {
    pub(super) fn new(whole: usize) -> Self {
        Self { whole, left: whole }
    }

    /// Takes what a copy of so many bytes needs. A copy is made only after this.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), OverLimit> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                // Nothing smaller fits after it, so that it does not matter who notices.
                self.left = 0;
                Err(OverLimit {
                    limit: Limit::RunBytes,
                    value: self.whole as u64,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_in_parts_is_bounded_by_the_whole() {
        let mut allowance = Allowance::new(10);
        assert_eq!(allowance.take(4), Ok(()));
        assert_eq!(allowance.take(6), Ok(()));
        let over = allowance.take(1).unwrap_err();
        assert_eq!(over.to_string(), "over its limit `run-bytes` of 10 bytes");
    }

    #[test]
    fn after_one_copy_that_does_not_fit_none_does() {
        let mut allowance = Allowance::new(10);
        assert!(allowance.take(usize::MAX).is_err());
        assert!(allowance.take(1).is_err());
    }
}
