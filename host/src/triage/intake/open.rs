//! A document while its end is searched: what is open, and what JSON allows next. Nothing is
//! checked here that reading the document checks; it only has to tell where the document ends.

/// Open braces and brackets that are told apart; deeper ones are only counted.
const TOLD_APART: usize = 1 << 16;

/// A document while its end is searched.
pub(super) struct Open {
    /// Where in the buffer the search is.
    pub(super) at: usize,
    /// Openers that are not closed, how many of them are braces, and how many more there are.
    stack: Vec<u8>,
    braces: usize,
    excess: u64,
    pub(super) in_string: bool,
    escaped: bool,
    /// The last byte that means something to the grammar.
    pub(super) last: u8,
    /// Line breaks so far that text stood behind.
    pub(super) lines: u64,
    /// White space before its first line's text.
    pub(super) indent: usize,
    /// Whether a line was indented deeper than that.
    pub(super) deeper: bool,
    /// How often an object that spans lines was looked at ahead.
    pub(super) looks: u32,
}

impl Open {
    pub(super) fn new(at: usize, indent: usize) -> Self {
        Self {
            at,
            stack: Vec::new(),
            braces: 0,
            excess: 0,
            in_string: false,
            escaped: false,
            last: b':',
            lines: 0,
            indent,
            deeper: false,
            looks: 0,
        }
    }

    /// A line break ends a string, whatever was meant.
    pub(super) fn end_string(&mut self) {
        if self.in_string {
            (self.in_string, self.escaped, self.last) = (false, false, b'"');
        }
    }

    /// Goes on in a string up to its end, a line break or the end of what is there.
    pub(super) fn pass_string(&mut self, rest: &[u8]) {
        if self.escaped {
            self.escaped = false;
            self.at += 1;
            return;
        }
        match memchr::memchr3(b'"', b'\\', b'\n', rest) {
            None => self.at += rest.len(),
            Some(i) => {
                self.at += i;
                match rest.get(i) {
                    Some(b'"') => (self.in_string, self.last) = (false, b'"'),
                    Some(b'\\') => self.escaped = true,
                    Some(_) | None => return,
                }
                self.at += 1;
            }
        }
    }

    /// Whether JSON allows an object or array here.
    pub(super) fn may_open(&self) -> bool {
        match self.stack.last() {
            Some(b'{') => self.last == b':',
            Some(_) => matches!(self.last, b'[' | b','),
            None => true,
        }
    }

    pub(super) fn push(&mut self, opener: u8) {
        self.last = opener;
        if self.stack.len() >= TOLD_APART {
            self.excess += 1;
        } else {
            self.braces += usize::from(opener == b'{');
            self.stack.push(opener);
        }
    }

    /// Closes the innermost opener that fits, and what is open inside it; whether none is left.
    pub(super) fn close(&mut self, closer: u8) -> bool {
        self.last = closer;
        if self.excess > 0 {
            self.excess -= 1;
            return false;
        }
        let opener = if closer == b'}' { b'{' } else { b'[' };
        let brackets = self.stack.len() - self.braces;
        if (opener == b'{' && self.braces == 0) || (opener == b'[' && brackets == 0) {
            return false;
        }
        while let Some(popped) = self.stack.pop() {
            self.braces -= usize::from(popped == b'{');
            if popped == opener {
                break;
            }
        }
        self.stack.is_empty()
    }
}
