# A Logpush job that writes to S3, from an empty bucket to the job, in one `terraform apply`:
# Cloudflare writes a challenge into the bucket, logpush-receiver brings the token back, and the
# job is created with it.
#
#   export CLOUDFLARE_API_TOKEN=...   # Logs: Edit on the zone
#   export AWS_PROFILE=...            # may make buckets, and read this one
#   terraform init
#   terraform apply -var zone_id=... -var bucket=acme-logs
#
# logpush-receiver is to be in the PATH, and finds AWS's credentials as Terraform's provider does.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws        = { source = "hashicorp/aws", version = ">= 5.0" }
    cloudflare = { source = "cloudflare/cloudflare", version = "~> 5.0" }
    external   = { source = "hashicorp/external", version = "~> 2.3" }
  }
}

variable "zone_id" {
  type = string
}

variable "bucket" {
  type = string
}

variable "region" {
  type    = string
  default = "eu-west-1"
}

provider "aws" {
  region = var.region
}

locals {
  # One string for the challenge, the token and the job: Cloudflare compares all of it.
  destination_conf = "s3://${var.bucket}/http/{DATE}?region=${var.region}"
}

resource "aws_s3_bucket" "logs" {
  bucket = var.bucket
}

resource "aws_s3_bucket_policy" "logpush_writes" {
  bucket = aws_s3_bucket.logs.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::391854517948:user/cloudflare-logpush" }
      Action    = "s3:PutObject"
      Resource  = "${aws_s3_bucket.logs.arn}/http/*"
    }]
  })
}

# Makes Cloudflare write the challenge, and says how the file is called.
resource "cloudflare_logpush_ownership_challenge" "http" {
  zone_id          = var.zone_id
  destination_conf = local.destination_conf
  depends_on       = [aws_s3_bucket_policy.logpush_writes]
}

# Brings the token back. The same question has the same answer, so plans do not drift: it is kept in
# the cache of this machine while the token is valid, and read again from the bucket after that.
# So leave the challenge's file there, a few hundred bytes, for plans made on other machines.
data "external" "token" {
  program = ["logpush-receiver", "token", "--terraform"]
  query = {
    destination_conf = local.destination_conf
    filename         = cloudflare_logpush_ownership_challenge.http.filename
    zone_id          = var.zone_id # a token for another zone fails the plan, and not the API later
    wait             = "2m"        # a new bucket's policy takes a while to hold everywhere
  }
}

resource "cloudflare_logpush_job" "http" {
  zone_id             = var.zone_id
  name                = "http"
  dataset             = "http_requests"
  enabled             = true
  destination_conf    = local.destination_conf
  ownership_challenge = sensitive(data.external.token.result.token)
  output_options = {
    field_names      = ["ClientIP", "ClientRequestHost", "ClientRequestURI", "EdgeResponseStatus", "EdgeStartTimestamp", "RayID"]
    timestamp_format = "rfc3339"
  }
}

output "token_expires_at" {
  value = data.external.token.result.expires_at
}
