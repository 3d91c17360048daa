//! What crosses modules: the network against PyTorch, the program as a user runs it, repeatable
//! bytes, and the order of the floors.

mod layers;
mod network;
