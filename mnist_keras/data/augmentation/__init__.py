"""Random augmentation of training images: its configuration, the affine and elastic transforms, degradation of ink."""
