//! A tiny generator of pseudo-random numbers for tests (xorshift64*): the same seed gives the same run everywhere.

/// Deterministic source of randomness. Not for secrets.
pub(crate) struct Rng(u64);

impl Rng {
    /// A generator for this seed.
    pub(crate) fn new(seed: u64) -> Self {
        // Close seeds shall not give alike runs, and the state must not be zero.
        let mut rng = Self(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15).max(1));
        for _ in 0..8 {
            rng.next();
        }
        rng
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `bound`, which must not be zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("a usize fits 64 bits");
        usize::try_from((self.next() >> 11) % bound).expect("it is below a usize")
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of the items, which must not be empty.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    /// A few random edits of `input`: bytes changed, cut, doubled, or a piece of `spice` put in.
    pub(crate) fn mutate(&mut self, input: &[u8], spice: &[&str]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..=self.below(6) {
            let from = self.below(bytes.len() + 1);
            let to = (from + self.below(12)).min(bytes.len());
            match self.below(4) {
                0 => drop(bytes.drain(from..to)),
                1 => drop(bytes.splice(from..from, self.pick(spice).bytes())),
                2 => {
                    let copy = bytes[from..to].to_vec();
                    drop(bytes.splice(from..from, copy));
                }
                _ if from < bytes.len() => bytes[from] = self.next().to_le_bytes()[3],
                _ => bytes.push(self.next().to_le_bytes()[3]),
            }
        }
        bytes
    }
}
