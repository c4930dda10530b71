/* What PyTorch's torch.save writes since 1.6 (.pt, .pth, .bin, .ckpt): a ZIP archive with a pickle, data.pkl, and a
 * file for each storage. Internal to this layer. */
#ifndef I2V_WEIGHTS_TORCH_FILE_H
#define I2V_WEIGHTS_TORCH_FILE_H

#include "weights/tensor_file.h"

/* Reads the tensors of a state dict, or of the one that a checkpoint holds: under "state_dict" or "model", else the
 * only one of its dicts that has tensors. What else it holds is passed over. Nothing of the pickle is run, and what is
 * neither a tensor nor plain data is refused by name. A tensor whose values do not lie in order is put in order in
 * memory. file has begun; on failure it is to be closed. */
i2v_status i2v_torch_file_read(i2v_tensor_file *file, i2v_error *error);

#endif
