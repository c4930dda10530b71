/* The attention in the middle of the VAE's encoder and decoder. */
#ifndef I2V_MODEL_VAE_ATTENTION_H
#define I2V_MODEL_VAE_ATTENTION_H

#include "model/vae.h"

/* Of the module that the loader is in. */
void i2v_vae_attention_load(i2v_loader *loader, i2v_vae_attention *attention, int channels);

/* x += attention(group_norm(x)); returns x. */
i2v_tensor i2v_vae_attention_forward(i2v_run *run, const i2v_vae_attention *attention, i2v_tensor x);

#endif
