//! A character-level GPT of one layer, in scalars.

use super::{ByHand, Function, check_lengths};
use chainrule::{RngExt, Value, rng};

const VOCABULARY: usize = 27;
/// Stands before and after a name, in the place of a character.
const BEGIN_OR_END: usize = 26;
const CONTEXT: usize = 16;
const HEADS: usize = 4;

/// The mean of `-ln(probability)` of the characters of a name and of its end, by the parameters: embeddings of tokens and
/// of positions, logits, query, key, value and output, and the two matrices behind; each row by row, a row for an output.
pub struct Gpt {
    width: usize,
    /// What is read, and last what only has to be said.
    tokens: Vec<usize>,
}

unsafe extern "C" {
    fn microgpt(parameters: *const f64, tokens: *const i32, positions: i32, gradient: *mut f64) -> f64;
    fn microgpt_step(
        parameters: *mut f64,
        mean: *mut f64,
        mean_square: *mut f64,
        step: i32,
        rate: f64,
        tokens: *const i32,
        positions: i32,
    ) -> f64;
}

impl Gpt {
    /// Width 16, 4,192 parameters: the loss of a name of lower-case letters.
    ///
    /// # Panics
    ///
    /// If there are other characters in the name.
    pub fn of_name(name: &str) -> Self {
        Gpt { width: 16, tokens: tokens_of(name) }
    }

    /// Width 64, all 16 positions: 1.75 million nodes.
    pub fn wide() -> Self {
        Gpt { width: 64, tokens: tokens_of("christopherjames") }
    }

    /// The tokens of the name and of its ends, as the GPT of the library takes them.
    pub fn tokens(&self) -> Vec<f64> {
        self.tokens.iter().map(|token| *token as f64).collect()
    }

    /// A step of Adam in C for width 16.
    pub fn adam_by_hand(&self) -> AdamByHand {
        let zeros = vec![0.0; self.point().len()];
        AdamByHand { tokens: self.tokens_by_hand(), mean: zeros.clone(), mean_square: zeros, steps: 0 }
    }

    fn positions(&self) -> usize {
        self.tokens.len() - 1
    }

    fn num_parameters(&self) -> usize {
        self.width * (VOCABULARY + CONTEXT + VOCABULARY) + 12 * self.width * self.width
    }

    fn tokens_by_hand(&self) -> Vec<i32> {
        assert_eq!(self.width, 16, "the width that is written in C");
        self.tokens.iter().map(|token| *token as i32).collect()
    }
}

/// The state of Adam in C.
pub struct AdamByHand {
    tokens: Vec<i32>,
    mean: Vec<f64>,
    mean_square: Vec<f64>,
    steps: i32,
}

impl AdamByHand {
    /// Makes a step and returns the loss before it.
    pub fn step(&mut self, rate: f64, parameters: &mut [f64]) -> f64 {
        check_lengths([parameters.len(), self.mean.len()], self.mean_square.len());
        self.steps += 1;
        let [mean, mean_square] = [&mut self.mean, &mut self.mean_square].map(|moment| moment.as_mut_ptr());
        let (tokens, positions) = (self.tokens.as_ptr(), self.tokens.len() as i32 - 1);
        // SAFETY: parameters and moments are of width 16, and there is a token more than there are positions.
        unsafe { microgpt_step(parameters.as_mut_ptr(), mean, mean_square, self.steps, rate, tokens, positions) }
    }
}

impl Function for Gpt {
    fn point(&self) -> Vec<f64> {
        let mut rng = rng(42);
        // As wide as a distribution of deviation 0.08.
        let bound = 0.08 * 3_f64.sqrt();
        (0..self.num_parameters()).map(|_| rng.random_range(-bound..bound)).collect()
    }

    fn value(&self, parameters: &[Value]) -> Value {
        let model = Model::of(parameters, self.width);
        let mut past = Past::default();
        let mut loss = Value::constant(0.0);
        for (position, tokens) in self.tokens.windows(2).enumerate() {
            let logits = model.logits(tokens[0], position, &mut past);
            loss += -softmax(&logits)[tokens[1]].ln();
        }
        loss / self.positions() as f64
    }

    fn flops(&self) -> f64 {
        let (width, positions) = (self.width, self.positions());
        let matrices = 12 * width * width + VOCABULARY * width;
        let pairs = positions * (positions + 1) / 2;
        let (norms, residuals) = (3 * 8 * width, 3 * width);
        (positions * (6 * matrices + norms + residuals + 6 * VOCABULARY) + pairs * (12 * width + 10 * HEADS)) as f64
    }
}

impl ByHand for Gpt {
    type Number = f64;

    fn by_hand(&self, point: &[f64], gradient: &mut [f64]) -> f64 {
        check_lengths([point.len(), gradient.len()], self.num_parameters());
        let tokens = self.tokens_by_hand();
        // SAFETY: parameters and gradient are of width 16, and there is a token more than there are positions.
        unsafe { microgpt(point.as_ptr(), tokens.as_ptr(), self.positions() as i32, gradient.as_mut_ptr()) }
    }
}

/// The characters of a name between two marks; what does not fit is left out.
fn tokens_of(name: &str) -> Vec<usize> {
    assert!(name.bytes().all(|letter| letter.is_ascii_lowercase()), "a name is made of the letters a to z");
    let letters = name.bytes().map(|letter| usize::from(letter - b'a'));
    let tokens = [BEGIN_OR_END].into_iter().chain(letters).chain([BEGIN_OR_END]);
    tokens.take(CONTEXT + 1).collect()
}

/// The parameters by what they do.
struct Model<'a> {
    width: usize,
    tokens: &'a [Value],
    positions: &'a [Value],
    logits: &'a [Value],
    query: &'a [Value],
    key: &'a [Value],
    value: &'a [Value],
    output: &'a [Value],
    expand: &'a [Value],
    contract: &'a [Value],
}

/// The keys and values of the positions up to now.
#[derive(Default)]
struct Past {
    keys: Vec<Vec<Value>>,
    values: Vec<Vec<Value>>,
}

impl<'a> Model<'a> {
    fn of(mut parameters: &'a [Value], width: usize) -> Self {
        let mut rows = |count: usize| {
            let (matrix, rest) = parameters.split_at(count * width);
            parameters = rest;
            matrix
        };
        Model {
            width,
            tokens: rows(VOCABULARY),
            positions: rows(CONTEXT),
            logits: rows(VOCABULARY),
            query: rows(width),
            key: rows(width),
            value: rows(width),
            output: rows(width),
            expand: rows(4 * width),
            contract: rows(4 * width),
        }
    }

    fn logits(&self, token: usize, position: usize, past: &mut Past) -> Vec<Value> {
        let row = |matrix: &'a [Value], row: usize| &matrix[row * self.width..(row + 1) * self.width];
        let x = normalized(&sum(row(self.tokens, token), row(self.positions, position)));

        let attention_input = normalized(&x);
        let query = product(self.query, &attention_input);
        past.keys.push(product(self.key, &attention_input));
        past.values.push(product(self.value, &attention_input));
        let x = sum(&product(self.output, &self.attended(&query, past)), &x);

        let hidden: Vec<Value> = product(self.expand, &normalized(&x)).into_iter().map(Value::relu).collect();
        let x = sum(&product(self.contract, &hidden), &x);
        product(self.logits, &x)
    }

    /// What each head reads from the values of the positions up to now.
    fn attended(&self, query: &[Value], past: &Past) -> Vec<Value> {
        let size = self.width / HEADS;
        let mut attended = Vec::with_capacity(self.width);
        for start in (0..self.width).step_by(size) {
            let head = start..start + size;
            let query = &query[head.clone()];
            let scores = past.keys.iter().map(|key| dot(query, &key[head.clone()]) / (size as f64).sqrt());
            let weights = softmax(&scores.collect::<Vec<Value>>());
            attended.extend(head.map(|place| {
                let column: Vec<Value> = past.values.iter().map(|value| value[place]).collect();
                dot(&weights, &column)
            }));
        }
        attended
    }
}

fn sum(a: &[Value], b: &[Value]) -> Vec<Value> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn dot(a: &[Value], b: &[Value]) -> Value {
    let products = a.iter().zip(b).map(|(a, b)| a * b);
    products.reduce(|sum, product| sum + product).expect("nothing here is empty")
}

fn product(matrix: &[Value], x: &[Value]) -> Vec<Value> {
    matrix.chunks(x.len()).map(|row| dot(row, x)).collect()
}

/// RMSNorm (Zhang and Sennrich, 2019), without gains.
fn normalized(x: &[Value]) -> Vec<Value> {
    let mean_square = dot(x, x) / x.len() as f64;
    let scale = (mean_square + 1e-5).powf(-0.5);
    x.iter().map(|x| x * scale).collect()
}

/// Shifted by the largest, through which no gradient flows: mathematically the shift changes nothing.
fn softmax(logits: &[Value]) -> Vec<Value> {
    let largest = Value::maximum(logits).stop_gradient();
    let exponentials: Vec<Value> = logits.iter().map(|x| (x - largest).exp()).collect();
    let total = exponentials.iter().copied().reduce(|sum, e| sum + e).expect("there are logits");
    exponentials.into_iter().map(|e| e / total).collect()
}
