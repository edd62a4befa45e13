/* Predicts the digit on image files with TensorFlow's C API.
 *
 *     make -C examples/c
 *     examples/c/read_digits exported/cnn_augmented/saved_model photo.png ...
 *
 * Images are PNG, JPEG, BMP or WebP files of any size, dark ink on light or light on dark.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/tf_tstring.h"

/* Input and output tensors of the signature "encoded"; card.json lists them under "tensors". */
#define FILES "encoded_files"
#define OUTPUTS "StatefulPartitionedCall_1"
enum { BOXES, CLASSES, DIGITS, HAS_INK, IS_DIGIT, LIGHT_ON_DARK, PROBABILITIES, SEVERAL, TOUCHES_BORDER };

static void free_string(void *data, size_t length, void *argument) {
  (void)length;
  (void)argument;
  TF_StringDealloc(data);
  free(data);
}

/* Returns the bytes of a file as a tensor of one string, or NULL. */
static TF_Tensor *load(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  char *bytes = NULL;
  size_t size = 0, capacity = 0, count;
  do {
    if (size == capacity) {
      capacity = capacity ? 2 * capacity : 1 << 16;
      char *larger = realloc(bytes, capacity);
      if (!larger) {
        free(bytes);
        fclose(file);
        return NULL;
      }
      bytes = larger;
    }
    count = fread(bytes + size, 1, capacity - size, file);
    size += count;
  } while (count);
  int failed = ferror(file);
  fclose(file);
  TF_TString *string = failed ? NULL : malloc(sizeof(TF_TString));
  if (!string) {
    free(bytes);
    return NULL;
  }
  TF_StringInit(string);
  TF_StringCopy(string, bytes, size);
  free(bytes);
  const int64_t shape[] = {1};
  return TF_NewTensor(TF_STRING, shape, 1, string, sizeof(TF_TString), free_string, NULL);
}

/* Returns where the sentence in TensorFlow's message begins, after names of graph nodes. */
static const char *reason(const char *message) {
  const char *end;
  while (!strncmp(message, "{{", 2) && (end = strstr(message, "}} "))) message = end + 3;
  const char *assertion = "assertion failed: [";
  return strncmp(message, assertion, strlen(assertion)) ? message : message + strlen(assertion);
}

/* Writes the name of a class in labels.txt beside the model to `name`; its number without that file. */
static void write_name(const char *model, int number, char *name, size_t size) {
  char path[4096];
  snprintf(path, sizeof path, "%s/../labels.txt", model);
  FILE *file = fopen(path, "r");
  int line = 0;
  while (file && line <= number && fgets(name, (int)size, file)) line++;
  if (file) fclose(file);
  if (line <= number) snprintf(name, size, "%d", number);
  name[strcspn(name, "\n")] = 0;
}

/* Prints the digit on one image, or the name of its class. Returns 0 on success. */
static int predict_digit(TF_Session *session, TF_Graph *graph, const char *model, const char *path,
                         TF_Status *status) {
  TF_Tensor *content = load(path);
  if (!content) {
    fprintf(stderr, "%s: cannot be opened\n", path);
    return 1;
  }
  TF_Output input = {TF_GraphOperationByName(graph, FILES), 0};
  TF_Operation *operation = TF_GraphOperationByName(graph, OUTPUTS);
  TF_Output outputs[] = {{operation, CLASSES}, {operation, PROBABILITIES}};
  TF_Tensor *results[2] = {NULL, NULL};
  TF_SessionRun(session, NULL, &input, &content, 1, outputs, results, 2, NULL, 0, NULL, status);
  TF_DeleteTensor(content);
  if (TF_GetCode(status) != TF_OK) {
    const char *message = reason(TF_Message(status));
    fprintf(stderr, "%s: cannot be read: %.*s\n", path, (int)strcspn(message, "\n"), message);
    return 1;
  }
  int64_t digit = *(int64_t *)TF_TensorData(results[0]);
  if (digit < 0) {
    printf("%s: no ink\n", path);
  } else {
    char name[1024];
    write_name(model, (int)digit, name, sizeof name);
    printf("%s: %s (%.1f%%)\n", path, name, 100 * ((float *)TF_TensorData(results[1]))[digit]);
  }
  TF_DeleteTensor(results[0]);
  TF_DeleteTensor(results[1]);
  return 0;
}

int main(int count, char **arguments) {
  if (count < 3) {
    fprintf(stderr, "usage: %s SAVED_MODEL IMAGE...\n", arguments[0]);
    return 2;
  }
  TF_Status *status = TF_NewStatus();
  TF_Graph *graph = TF_NewGraph();
  TF_SessionOptions *options = TF_NewSessionOptions();
  const char *tags[] = {"serve"};
  TF_Session *session = TF_LoadSessionFromSavedModel(options, NULL, arguments[1], tags, 1, graph, NULL, status);
  int failures = 0;
  if (TF_GetCode(status) != TF_OK) {
    fprintf(stderr, "%s: cannot be loaded: %s\n", arguments[1], TF_Message(status));
    failures = 1;
  } else if (!TF_GraphOperationByName(graph, FILES) || !TF_GraphOperationByName(graph, OUTPUTS)) {
    fprintf(stderr, "%s: has no signature \"encoded\" with the expected tensor names\n", arguments[1]);
    failures = 1;
  } else {
    for (int index = 2; index < count; index++) failures += predict_digit(session, graph, arguments[1], arguments[index], status);
  }
  if (session) {
    TF_CloseSession(session, status);
    TF_DeleteSession(session, status);
  }
  TF_DeleteSessionOptions(options);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return failures ? 1 : 0;
}
