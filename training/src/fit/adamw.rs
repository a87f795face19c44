//! [`AdamW`]: Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2). candle's
//! own keeps its moments to itself; a run that goes on after a kill needs them.

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, Var};

/// Decay of the first moment.
const BETA1: f64 = 0.9;
/// Decay of the second moment.
const BETA2: f64 = 0.999;
/// Keeps the quotient finite.
const EPSILON: f64 = 1e-8;

/// The optimizer: the variables that it moves and their moments.
#[derive(Clone, Debug)]
pub struct AdamW {
    vars: Vec<Var>,
    first: Vec<Tensor>,
    second: Vec<Tensor>,
    steps: usize,
    weight_decay: f64,
}

impl AdamW {
    /// Starts with moments of zero.
    ///
    /// # Errors
    /// candle's, when the moments cannot be made.
    pub fn new(vars: Vec<Var>, weight_decay: f64) -> Result<Self> {
        let zeros = vars
            .iter()
            .map(|var| var.as_tensor().zeros_like())
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            first: zeros.clone(),
            second: zeros,
            vars,
            steps: 0,
            weight_decay,
        })
    }

    /// Goes on from moments that [`moments`](Self::moments) gave after `steps` steps, each in the
    /// order and with the shapes of `vars`.
    ///
    /// # Errors
    /// candle's, when a moment has not the shape of its variable.
    pub fn resume(
        vars: Vec<Var>,
        weight_decay: f64,
        steps: usize,
        first: &[Vec<f32>],
        second: &[Vec<f32>],
    ) -> Result<Self> {
        let shaped = |values: &[Vec<f32>]| {
            vars.iter()
                .zip(values)
                .map(|(var, values)| Tensor::from_slice(values, var.shape(), var.device()))
                .collect::<Result<Vec<_>>>()
        };
        Ok(Self {
            first: shaped(first)?,
            second: shaped(second)?,
            vars,
            steps,
            weight_decay,
        })
    }

    /// Moves every variable that has a gradient by one step.
    ///
    /// # Errors
    /// candle's, when a tensor operation fails.
    pub fn step(&mut self, gradients: &GradStore, learning_rate: f64) -> Result<()> {
        self.steps += 1;
        let unbiased = |beta: f64| 1.0 / (1.0 - libm::pow(beta, self.steps as f64));
        let (first_scale, second_scale) = (unbiased(BETA1), unbiased(BETA2));
        for (index, var) in self.vars.iter().enumerate() {
            let Some(gradient) = gradients.get(var) else {
                continue;
            };
            let first = ((&self.first[index] * BETA1)? + (gradient * (1.0 - BETA1))?)?;
            let second = ((&self.second[index] * BETA2)? + (gradient.sqr()? * (1.0 - BETA2))?)?;
            let size = ((&second * second_scale)?.sqrt()? + EPSILON)?;
            let direction = ((&first * first_scale)? / size)?;
            let decayed = (var.as_tensor() * (1.0 - learning_rate * self.weight_decay))?;
            var.set(&(decayed - (direction * learning_rate)?)?)?;
            self.first[index] = first.detach();
            self.second[index] = second.detach();
        }
        Ok(())
    }

    /// First and second moments, row-major, in the order of the variables.
    ///
    /// # Errors
    /// candle's, when a tensor cannot be read.
    pub fn moments(&self) -> Result<[Vec<Vec<f32>>; 2]> {
        Ok([values(&self.first)?, values(&self.second)?])
    }
}

fn values(tensors: &[Tensor]) -> Result<Vec<Vec<f32>>> {
    tensors
        .iter()
        .map(|tensor| tensor.flatten_all()?.to_vec1::<f32>())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use candle_nn::optim::{AdamW as Reference, Optimizer, ParamsAdamW};

    fn start() -> Vec<Var> {
        let var = |values: &[f32], shape: &[usize]| {
            Var::from_tensor(&Tensor::from_slice(values, shape, &Device::Cpu).unwrap()).unwrap()
        };
        vec![
            var(&[0.5, -1.5, 2.0, 0.1, 0.0, -0.2], &[2, 3]),
            var(&[1.0, -3.0], &[2]),
        ]
    }

    fn values_of(vars: &[Var]) -> Vec<Vec<f32>> {
        let tensors: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
        values(&tensors).unwrap()
    }

    /// A loss with its least value away from zero and curvatures far apart.
    fn gradients(vars: &[Var]) -> GradStore {
        let bent = (vars[0].affine(1.0, -0.7).unwrap().powf(4.0).unwrap()).sum_all();
        let flat = (vars[1].affine(30.0, 2.0).unwrap().sqr().unwrap()).sum_all();
        (bent.unwrap() + flat.unwrap()).unwrap().backward().unwrap()
    }

    #[test]
    fn every_step_is_that_of_candle() {
        let (ours, theirs) = (start(), start());
        let mut optimizer = AdamW::new(ours.clone(), 0.5).unwrap();
        let parameters = ParamsAdamW {
            weight_decay: 0.5,
            ..ParamsAdamW::default()
        };
        let mut reference = Reference::new(theirs.clone(), parameters).unwrap();
        for step in 0..200 {
            let learning_rate = 0.01 / (1.0 + f64::from(step));
            reference.set_learning_rate(learning_rate);
            reference.step(&gradients(&theirs)).unwrap();
            optimizer.step(&gradients(&ours), learning_rate).unwrap();
            let (a, b) = (values_of(&ours), values_of(&theirs));
            for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
                assert!((a - b).abs() <= 1e-6 * b.abs().max(1e-3), "{step}: {a} {b}");
            }
        }
    }

    #[test]
    fn a_resumed_optimizer_goes_on_with_the_same_bits() {
        let (whole, halved) = (start(), start());
        let mut uninterrupted = AdamW::new(whole.clone(), 0.5).unwrap();
        let mut first_half = AdamW::new(halved.clone(), 0.5).unwrap();
        for _ in 0..10 {
            uninterrupted.step(&gradients(&whole), 0.01).unwrap();
            first_half.step(&gradients(&halved), 0.01).unwrap();
        }
        let [first, second] = first_half.moments().unwrap();
        let mut resumed = AdamW::resume(halved.clone(), 0.5, 10, &first, &second).unwrap();
        for _ in 0..10 {
            uninterrupted.step(&gradients(&whole), 0.01).unwrap();
            resumed.step(&gradients(&halved), 0.01).unwrap();
        }
        assert_eq!(values_of(&whole), values_of(&halved));
    }
}
