variable "name" {
  description = "Name of the layer."
  type        = string
}

variable "description" {
  description = "What the layer holds, as shown in the console."
  type        = string
}

variable "artifact" {
  description = "The ZIP in S3. The key carries the digest, so another content is another key and another layer version."
  type = object({
    bucket = string
    key    = string
  })
}

variable "runtime" {
  description = "Runtime that the layer is made for."
  type        = string
  default     = "python3.13"
}

variable "architectures" {
  description = "Architectures that the layer serves: both when it is pure Python."
  type        = set(string)
  default     = ["arm64", "x86_64"]

  validation {
    condition     = length(var.architectures) > 0 && length(setsubtract(var.architectures, ["arm64", "x86_64"])) == 0
    error_message = "architectures takes arm64 and x86_64."
  }
}
