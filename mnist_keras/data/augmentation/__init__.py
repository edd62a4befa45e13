"""Random augmentation of training images: configuration, affine and elastic transforms, degradation."""
