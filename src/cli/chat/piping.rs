//! How is the input read, and what is shown before it, where no person sits at a terminal?

/// What suits scripts and pipes.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct PipeOptions {
    /// Take each line of the input as text, also one that begins with a slash; empty ones are skipped
    #[arg(long)]
    pub text: bool,
    /// Show besides the history what was said since you left, as a terminal always does
    #[arg(long)]
    pub since_left: bool,
}
