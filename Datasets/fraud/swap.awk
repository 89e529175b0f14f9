# Drift put into the card data: from row 142,403 on (counted from 0) five pairs of columns change places.
#   weir replay fraud-full | awk -f Datasets/fraud/swap.awk | weir learn --target Class --score-since 142403
BEGIN { FS = OFS = ","; pairs = split("V14 V13 V17 V15 V12 V24 V10 V26 V4 V25", name, " ") }
NR == 1 {
  for (i = 1; i <= NF; i++) { column = $i; gsub(/"/, "", column); at[column] = i }
  print
  next
}
NR - 2 >= 142403 {
  for (k = 1; k < pairs; k += 2) { value = $at[name[k]]; $at[name[k]] = $at[name[k + 1]]; $at[name[k + 1]] = value }
}
{ print }
