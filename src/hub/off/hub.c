/* What the network is without libcurl (I2V_HUB=OFF): named. The hub's cache is read by the same code as it is filled,
 * and is left out with it. */
#include "base/parameters.h"
#include "hub/environment.h"
#include "hub/page.h"
#include "hub/url.h"

#include <stdlib.h>

void i2v_hub_options_default(i2v_hub_options *options) {
    if (!options) return;
    *options = (i2v_hub_options){0};
    i2v_parameters_default(I2V_STRUCT_HUB_OPTIONS, options);
}

static i2v_status refuse(const char *what, const char *way_out, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED, "%s: this build is without libcurl (I2V_HUB=OFF); %s", what, way_out);
}

i2v_status i2v_hub_environment_read(i2v_hub_environment *environment, const i2v_hub_options *options,
                                    i2v_error *error) {
    *environment = (i2v_hub_environment){0};
    return refuse("the hub's cache", "give a folder or a file", error);
}

void i2v_hub_environment_free(i2v_hub_environment *environment) {
    *environment = (i2v_hub_environment){0}; /* it never holds anything */
}

static i2v_status no_model(i2v_hub_model **model, const char *id, i2v_error *error) {
    if (model) *model = NULL;
    i2v_status status = i2v_require(error, "model", model, "id", id, NULL);
    return status ? status : refuse(id, "download the model with another program, and give its folder", error);
}

i2v_status i2v_hub_find(i2v_hub_model **model, const char *id, const i2v_hub_options *options, i2v_error *error) {
    return no_model(model, id, error);
}

i2v_status i2v_hub_pull(i2v_hub_model **model, const char *id, const i2v_hub_options *options, i2v_error *error) {
    return no_model(model, id, error);
}

void i2v_hub_model_free(i2v_hub_model *model) {
    free(model); /* none is ever made */
}

i2v_status i2v_image_load_url_with(i2v_image **image, const char *url, const i2v_image_options *options,
                                   i2v_error *error) {
    char shown[I2V_URL_SHOWN_SIZE];
    if (image) *image = NULL;
    i2v_status status = i2v_require(error, "image", image, "url", url, NULL);
    if (status) return status;
    i2v_url_show(shown, url);
    return refuse(shown, "download the picture with another program, and give the file", error);
}

i2v_status i2v_image_load_url(i2v_image **image, const char *url, i2v_alpha alpha, int (*cancelled)(void *user),
                              void *user, i2v_error *error) {
    return i2v_image_load_url_with(image, url, NULL, error);
}
