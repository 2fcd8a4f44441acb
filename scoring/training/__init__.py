"""From the ledger to registered models. Imported by training commands and jobs alone: it loads the training libraries."""
