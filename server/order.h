/* What a client asks for, checked: a model and the parameters of a job. */
#ifndef SERVER_ORDER_H
#define SERVER_ORDER_H

#include "folder.h"
#include "models.h"

typedef struct server_order {
    server_opened *model;
    json_t *parameters; /* all that are set: the same job again, whatever the defaults of a later version are */
    i2v_image_options image; /* how its picture is read */
    const char *prompt; /* of fields; NULL: none */
    double seconds;     /* that it is estimated to take; 0: not known */
} server_order;

/* fields: by OpenAI's names, by those of the library's table, or by other programs' names for them. Values are JSON's,
 * or texts. Returns 1; or 0, and problem says what is wrong. order->parameters is to be released. */
int server_order_make(server_order *order, const json_t *fields, const server_models *models,
                      const server_settings *limits, const server_folder *folder, server_problem *problem);

/* 1 for the names by which a picture may come. */
int server_order_is_picture(const char *name);

#endif
