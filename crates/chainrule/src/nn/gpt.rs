//! A GPT at character level: a transformer that learns which token comes next, written out in scalars.
//!
//! Everything is a sum, a product or another row of the table of operations, over any [`Number`]: on values it records
//! itself, on `f64` it just computes. The architecture is that of GPT-2 (Radford and others, 2019) with RMSNorm for
//! LayerNorm, ReLU for GELU, and no biases.

use crate::Number;
use std::ops::Range;

/// The sizes of a GPT. Its parameters are kept beside it, as one list, so that they can be values, plain numbers, or the
/// inputs of a program.
///
/// ```
/// use chainrule::nn::Gpt;
/// use chainrule::{Value, rng, RngExt};
///
/// let gpt = Gpt { vocabulary: 3, ..Gpt::default() };
/// let mut rng = rng(1);
/// let parameters: Vec<Value> =
///     (0..gpt.num_parameters()).map(|_| Value::parameter(rng.random_range(-0.1..0.1))).collect();
/// let tokens = [2.0, 0.0, 1.0, 0.0, 2.0].map(Value::constant);
/// let loss = gpt.loss(&parameters, &tokens);
/// assert!((loss.data() - 3.0_f64.ln()).abs() < 0.1); // it knows nothing yet
/// loss.backward();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gpt {
    /// So many different tokens there are.
    pub vocabulary: usize,
    /// So many tokens it looks at, at most.
    pub context: usize,
    /// So many numbers stand for a token on its way: a multiple of the number of heads.
    pub width: usize,
    /// Attention heads in each layer.
    pub heads: usize,
    /// Layers, each of an attention and a perceptron.
    pub layers: usize,
}

impl Default for Gpt {
    /// One layer of 4 heads, width 16, context 16, for 26 letters and the token that begins and ends a name.
    fn default() -> Self {
        Gpt { vocabulary: 27, context: 16, width: 16, heads: 4, layers: 1 }
    }
}

impl Gpt {
    /// The perceptron of a layer is this many times as wide as the layer.
    const WIDENING: usize = 4;

    /// The matrices of the parameters, in their order: name, rows, columns. A row makes one output of the columns' inputs;
    /// of the embeddings `wte` and `wpe`, a row stands for a token or a position. Parameters stand row by row.
    pub fn matrices(&self) -> Vec<(String, usize, usize)> {
        let (width, wide) = (self.width, Self::WIDENING * self.width);
        let outside =
            [("wte", self.vocabulary, width), ("wpe", self.context, width), ("lm_head", self.vocabulary, width)];
        let layer = [
            ("wq", width, width),
            ("wk", width, width),
            ("wv", width, width),
            ("wo", width, width),
            ("fc1", wide, width),
            ("fc2", width, wide),
        ];
        let outside = outside.map(|(name, rows, columns)| (name.to_string(), rows, columns)).into_iter();
        let layers = (0..self.layers)
            .flat_map(|number| layer.map(|(name, rows, columns)| (format!("layers.{number}.{name}"), rows, columns)));
        outside.chain(layers).collect()
    }

    /// How many parameters there are.
    pub fn num_parameters(&self) -> usize {
        self.matrices().iter().map(|(_, rows, columns)| rows * columns).sum()
    }

    /// The mean over the tokens, but the last, of `-ln(probability of the token that comes next)`. Of more tokens than the
    /// context and one, the first are taken.
    ///
    /// Tokens are whole numbers below the size of the vocabulary. They may be leaves: a recording then serves for all texts
    /// of one length.
    ///
    /// # Panics
    ///
    /// If there are not two tokens or more, or one is not in the vocabulary; if there are not as many parameters as
    /// [`num_parameters`](Gpt::num_parameters), or the width is no multiple of the heads.
    #[track_caller]
    pub fn loss<N: Number>(&self, parameters: &[N], tokens: &[N]) -> N {
        let mut reader = self.reader(parameters);
        let read = &tokens[..self.context.min(tokens.len().saturating_sub(1))];
        let logits = reader.read(read);
        let pairs = logits.iter().zip(tokens.iter().skip(1));
        // What the softmax and its logarithm come to.
        let losses: Vec<N> = pairs.map(|(logits, next)| N::log_sum_exp(logits) - next.lookup(logits)).collect();
        assert!(!losses.is_empty(), "there is nothing to predict: a text needs two tokens or more");
        N::mean(&losses)
    }

    /// Writes a text: begins with a token, and goes on until that comes again or the context is full. The token is no part
    /// of the text.
    ///
    /// `choose` draws a token by its probability. A low temperature makes likely tokens likelier.
    ///
    /// # Panics
    ///
    /// If `parameters` or `begin` do not fit the sizes.
    #[track_caller]
    pub fn write(
        &self,
        parameters: &[f64],
        begin: usize,
        temperature: f64,
        mut choose: impl FnMut(&[f64]) -> usize,
    ) -> Vec<usize> {
        let mut reader = self.reader(parameters);
        let mut text = Vec::new();
        while text.len() < self.context {
            let token = text.last().copied().unwrap_or(begin);
            let logits = reader.read(&[token as f64]).concat().into_iter().map(|logit| logit / temperature);
            let next = choose(&f64::softmax(&logits.collect::<Vec<_>>()));
            if next == begin {
                break;
            }
            text.push(next);
        }
        text
    }

    #[track_caller]
    fn reader<'a, N: Number>(&self, parameters: &'a [N]) -> Reader<'a, N> {
        let (expected, found) = (self.num_parameters(), parameters.len());
        assert!(expected == found, "a GPT of these sizes has {expected} parameters, and got {found}");
        let (width, heads) = (self.width, self.heads);
        assert!(width.is_multiple_of(heads), "the width, {width}, is to be a multiple of the heads, {heads}");
        let mut rest = parameters;
        let mut matrices = self.matrices().into_iter().map(|(_, rows, columns)| {
            let (matrix, others) = rest.split_at(rows * columns);
            rest = others;
            matrix.chunks_exact(columns).collect()
        });
        let mut next = || matrices.next().expect("there are as many matrices as they are listed");
        Reader {
            token_embedding: next(),
            position_embedding: next(),
            output: next(),
            layers: (0..self.layers).map(|_| Layer::new(&mut next, heads)).collect(),
            position: 0,
        }
    }
}

/// Rows of parameters.
type Matrix<'a, N> = Vec<&'a [N]>;

/// Reads a text, all at once or bit by bit, and remembers what the attention needs of earlier tokens.
struct Reader<'a, N> {
    token_embedding: Matrix<'a, N>,
    position_embedding: Matrix<'a, N>,
    output: Matrix<'a, N>,
    layers: Vec<Layer<'a, N>>,
    position: usize,
}

impl<N: Number> Reader<'_, N> {
    /// The logits of what comes after each of these tokens.
    fn read(&mut self, tokens: &[N]) -> Vec<Vec<N>> {
        let places = &self.position_embedding[self.position..][..tokens.len()];
        self.position += tokens.len();
        let embedded =
            tokens.iter().zip(places).map(|(token, place)| add(&token.lookup_row(&self.token_embedding), place));
        let streams: Vec<Vec<N>> = embedded.map(|embedded| normalized(&embedded)).collect();
        let streams = self.layers.iter_mut().fold(streams, |streams, layer| layer.pass(&streams));
        streams.iter().map(|stream| linear(&self.output, stream)).collect()
    }
}

/// A layer, with the keys and values of the positions before.
struct Layer<'a, N> {
    query: Matrix<'a, N>,
    key: Matrix<'a, N>,
    value: Matrix<'a, N>,
    output: Matrix<'a, N>,
    widen: Matrix<'a, N>,
    narrow: Matrix<'a, N>,
    heads: usize,
    keys: Vec<Vec<N>>,
    values: Vec<Vec<N>>,
}

impl<'a, N: Number> Layer<'a, N> {
    fn new(next: &mut impl FnMut() -> Matrix<'a, N>, heads: usize) -> Self {
        Layer {
            query: next(),
            key: next(),
            value: next(),
            output: next(),
            widen: next(),
            narrow: next(),
            heads,
            keys: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Two residual blocks: attention, which looks at each position and those before, and a perceptron.
    fn pass(&mut self, streams: &[Vec<N>]) -> Vec<Vec<N>> {
        let attended = self.attention(streams);
        attended.iter().zip(streams).map(|(attended, stream)| self.perceptron(&add(attended, stream))).collect()
    }

    fn perceptron(&self, stream: &[N]) -> Vec<N> {
        let hidden: Vec<N> = linear(&self.widen, &normalized(stream)).into_iter().map(N::relu).collect();
        add(&linear(&self.narrow, &hidden), stream)
    }

    fn attention(&mut self, streams: &[Vec<N>]) -> Vec<Vec<N>> {
        let first = self.keys.len();
        let queries: Vec<Vec<N>> = streams.iter().map(|stream| self.ask(&normalized(stream))).collect();
        let seen = |(position, query): (usize, &Vec<N>)| self.seen(first + position, query);
        queries.iter().enumerate().map(|query| linear(&self.output, &seen(query))).collect()
    }

    /// Remembers the key and the value of the next position, and returns its query.
    fn ask(&mut self, x: &[N]) -> Vec<N> {
        let query = linear(&self.query, x);
        self.keys.push(linear(&self.key, x));
        self.values.push(linear(&self.value, x));
        query
    }

    /// What all heads see from a position, each `width` numbers: the mean of the values, weighted by how well the key of a
    /// position fits the query.
    fn seen(&self, position: usize, query: &[N]) -> Vec<N> {
        let width = query.len() / self.heads;
        let scale = N::constant((width as f64).sqrt().recip());
        let query: Vec<N> = query.iter().map(|x| *x * scale).collect();
        let heads = (0..query.len()).step_by(width);
        let weights: Vec<Vec<N>> = heads.map(|start| self.weights(position, &query, start..start + width)).collect();
        let weighted = |place: usize| {
            let values: Vec<N> = self.values.iter().map(|value| value[place]).collect();
            N::dot(&weights[place / width], &values)
        };
        (0..query.len()).map(weighted).collect()
    }

    /// How well the key of each position fits the query, in the part that a head sees. The keys of those that come later do not
    /// fit at all: so every position does the same, and a program has one loop for all, where sums of 1, 2, 3 terms would be a
    /// loop each.
    fn weights(&self, position: usize, query: &[N], part: Range<usize>) -> Vec<N> {
        let fit = |key: &Vec<N>| N::dot(&query[part.clone()], &key[part.clone()]);
        let mut fits: Vec<N> = self.keys.iter().map(fit).collect();
        for (other, fit) in fits.iter_mut().enumerate() {
            let hidden = if other > position { f64::NEG_INFINITY } else { 0.0 };
            *fit = *fit + N::constant(hidden);
        }
        N::softmax(&fits)
    }
}

/// The product of a matrix and a vector.
fn linear<N: Number>(matrix: &Matrix<N>, x: &[N]) -> Vec<N> {
    matrix.iter().map(|row| N::dot(row, x)).collect()
}

fn add<N: Number>(a: &[N], b: &[N]) -> Vec<N> {
    a.iter().zip(b).map(|(a, b)| *a + *b).collect()
}

/// RMSNorm (Zhang and Sennrich, 2019), without a gain: divided by the root of the mean square.
fn normalized<N: Number>(x: &[N]) -> Vec<N> {
    let mean_square = N::dot(x, x) * N::constant(1.0 / x.len() as f64);
    let scale = (mean_square + N::constant(1e-5)).sqrt().recip();
    x.iter().map(|x| *x * scale).collect()
}
