//! Compares the tutorial's two losses with PyTorch (`tests/reference/network.py`).

use serde_json::Value;
use tch::{Kind, Tensor};

use super::{Contrastive, CrossEntropy, Form, Loss, LossInput, Targets};
use crate::random::{Purpose, generator};

fn cases(name: &str) -> Vec<Value> {
    let text = include_str!("../../tests/reference/losses.json");
    let all: Value = serde_json::from_str(text).unwrap();
    all[name].as_array().unwrap().clone()
}

/// A vector or matrix as a f32 tensor.
fn tensor(value: &Value) -> Tensor {
    let rows = value.as_array().unwrap();
    let numbers = |row: &Value| -> Vec<f64> {
        row.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
    };
    match rows[0] {
        Value::Array(_) => {
            let rows: Vec<Vec<f64>> = rows.iter().map(numbers).collect();
            Tensor::from_slice2(&rows).to_kind(Kind::Float)
        }
        _ => Tensor::from_slice(&numbers(value)).to_kind(Kind::Float),
    }
}

fn leaf(value: &Value) -> Tensor {
    tensor(value).set_requires_grad(true)
}

/// Within 1e-5 of the reference, relative where it is above 1.
fn assert_near(case: &Value, what: &str, value: &Tensor, wanted: &Tensor) {
    let scale = wanted.abs().max().double_value(&[]).max(1.0);
    let error = (value - wanted).abs().max().double_value(&[]) / scale;
    assert!(error < 1e-5, "{}: {what} is off by {error:.1e}", case["name"]);
}

fn value(loss: Loss, branches: &[&Tensor], labels: &Tensor, same: &Tensor) -> Tensor {
    let branches: Vec<Tensor> = branches.iter().map(|branch| branch.shallow_clone()).collect();
    let targets =
        Targets { labels: labels.shallow_clone(), same: same.shallow_clone(), classes: 10 };
    let random = &mut generator(1, Purpose::TrainLoss, 1);
    loss.value(LossInput { branches: &branches, targets: &targets, parameters: None, random }).loss
}

#[test]
fn the_contrastive_loss_matches_pytorch_in_both_forms() {
    let cases = cases("contrastive");
    assert_eq!(cases.len(), 8);
    for case in &cases {
        let margin = case["margin"].as_f64().unwrap();
        let same = 1.0 - tensor(&case["different"]);
        for (form, name) in [(Form::Tutorial, "tutorial"), (Form::Hadsell, "hadsell")] {
            let (a, b) = (leaf(&case["a"]), leaf(&case["b"]));
            let loss = Contrastive { margin, form, ..Contrastive::default() };
            let loss = value(Loss::Contrastive(loss), &[&a, &b], &Tensor::new(), &same);
            let wanted = &case[name];
            let loss_wanted = Tensor::from(wanted["loss"].as_f64().unwrap() as f32);
            assert_near(case, "the loss", &loss, &loss_wanted);
            let gradients = Tensor::run_backward(&[loss], &[a, b], false, false);
            for (gradient, branch) in gradients.iter().zip(["grad_a", "grad_b"]) {
                assert_near(case, branch, gradient, &tensor(&wanted[branch]));
            }
        }
    }
}

#[test]
fn cross_entropy_matches_pytorch() {
    let cases = cases("cross_entropy");
    assert_eq!(cases.len(), 5);
    for case in &cases {
        let logits = leaf(&case["logits"]);
        let labels = tensor(&case["labels"]).to_kind(Kind::Int64);
        let loss = Loss::CrossEntropy(CrossEntropy::default());
        let loss = value(loss, &[&logits], &labels, &Tensor::new());
        let loss_wanted = Tensor::from(case["loss"].as_f64().unwrap() as f32);
        assert_near(case, "the loss", &loss, &loss_wanted);
        let gradient = &Tensor::run_backward(&[loss], &[logits], false, false)[0];
        assert_near(case, "the gradient", gradient, &tensor(&case["grad"]));
    }
}
